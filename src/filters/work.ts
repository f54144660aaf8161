/** Work on texts that is done in turns, so that a long text, or a costly pattern, does not hold up everybody else. */

/** Yields wherever others may have their turn, and a promise where there is nothing to do until that is settled. */
export type Work<T> = Generator<Promise<void> | undefined, T>;

/** After so long everybody else has a turn. */
const TURN_MS = 2;

export type Turn<T> =
  | { readonly isDone: true; readonly value: T }
  /** `wait`: until when another turn has nothing to do; null: it may begin as soon as others had theirs. */
  | { readonly isDone: false; readonly wait: Promise<void> | null };

/** Works until it is done, or its turn is over, or it has to wait. */
export function goOn<T>(work: Work<T>): Turn<T> {
  const until = performance.now() + TURN_MS;
  do {
    const { done, value } = work.next();
    if (done === true) return { isDone: true, value };
    if (value !== undefined) return { isDone: false, wait: value };
  } while (performance.now() < until);
  return { isDone: false, wait: null };
}

/** At once where that is quick; else in turns of the event loop. */
export function done<T>(work: Work<T>): T | Promise<T> {
  const turn = goOn(work);
  return turn.isDone ? turn.value : inTurns(work, turn.wait);
}

async function inTurns<T>(work: Work<T>, wait: Promise<void> | null): Promise<T> {
  let next = wait;
  for (;;) {
    await (next ?? new Promise<void>((resolve) => setImmediate(resolve)));
    const turn = goOn(work);
    if (turn.isDone) return turn.value;
    next = turn.wait;
  }
}

/** What the promise resolves to; throws what it rejects with. */
export function* awaited<T>(promise: Promise<T>): Work<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  const settled = promise.then(
    (value) => {
      outcome = { value };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  const read = () => outcome;
  for (;;) {
    const known = read();
    if (known === null) yield settled;
    else if ('error' in known) throw known.error;
    else return known.value;
  }
}
