/**
 * Who sits out: a credential that its provider has refused, or that hangs, is asked again only after a while, and then by one request
 * first. Memory of this process. Names are the caller's own; nothing of a secret is in them.
 */

/** Why somebody sits out. `rate`: too many requests. `refused`: the key or its balance. `forbidden`: what it may do. */
export type BenchReason = 'rate' | 'refused' | 'forbidden' | 'hanging' | 'unreachable';

/** Where a provider does not say how long: this long at first, twice as long each time that the trial fails again, and no longer than `most`. */
export const STEPS_MS: Readonly<Record<BenchReason, { readonly first: number; readonly most: number }>> = {
  rate: { first: 1000, most: 60_000 },
  refused: { first: 15_000, most: 15 * 60_000 },
  forbidden: { first: 2000, most: 60_000 },
  hanging: { first: 5000, most: 60_000 },
  unreachable: { first: 1000, most: 30_000 },
};

/** A refusal comes at once: who has not heard of one for so long has passed the trial, however long the answer takes. */
export const TRIAL_MS = 2000;
/** After as long as this beyond its end a bench is forgotten, and the next one begins with the first step. */
export const FORGOTTEN_MS = 10 * 60_000;
const MOST_BENCHES = 10_000;

export interface Benched {
  readonly reason: BenchReason;
  readonly untilMs: number;
  /** The provider has said for how long; else it is a guess. */
  readonly isSaid: boolean;
}

interface Bench {
  reason: BenchReason;
  sinceMs: number;
  untilMs: number;
  isSaid: boolean;
  /** How often in a row it was benched without an answer in between, less one. */
  steps: number;
  /** One request has gone ahead since, to see whether it is back; until `untilMs` the others wait for what becomes of it. */
  isTried: boolean;
}

export interface BenchFailure {
  readonly reason: BenchReason;
  /** What the provider asked for; null: it did not say. */
  readonly retryAfterSeconds: number | null;
  /** When the request was sent that met with it. */
  readonly sentAtMs: number;
}

export class Benches {
  readonly #benches = new Map<string, Bench>();

  /** Zero for nearly every request: then nobody has to make a name. */
  get size(): number {
    return this.#benches.size;
  }

  /** Null: it may be asked, perhaps as a trial. */
  of(name: string, nowMs: number): Benched | null {
    const bench = this.#benches.get(name);
    return bench === undefined || isOver(bench, nowMs) ? null : bench;
  }

  /** Everybody who sits out now. */
  all(nowMs: number): { readonly name: string; readonly bench: Benched }[] {
    return [...this.#benches]
      .filter(([, bench]) => !isOver(bench, nowMs))
      .map(([name, bench]) => ({ name, bench: { ...bench } }));
  }

  /** Whether a request may go there now. The first one after a bench is its trial, which the others wait for. */
  enter(name: string, nowMs: number): boolean {
    const bench = this.#benches.get(name);
    if (bench === undefined) return true;
    if (!isOver(bench, nowMs)) return false;
    if (nowMs >= bench.untilMs + FORGOTTEN_MS) this.#benches.delete(name);
    else if (!bench.isTried || bench.reason === 'hanging') this.#tries(bench, nowMs);
    return true;
  }

  /** The same where nobody else can serve: a guess is tried before its end, by one request at a time; what the provider said is kept to. */
  enterAnyway(name: string, nowMs: number): boolean {
    const bench = this.#benches.get(name);
    if (bench === undefined || isOver(bench, nowMs)) return this.enter(name, nowMs);
    if (bench.isSaid || bench.isTried) return false;
    this.#tries(bench, nowMs);
    return true;
  }

  /** Benches it, or for longer; what it was told before holds on where it ends later. */
  failed(name: string, { reason, retryAfterSeconds, sentAtMs }: BenchFailure, nowMs: number): Benched {
    const known = this.#benches.get(name);
    // A trial that fails makes the next wait longer; those that were under way when the bench began say nothing new.
    const isTrial = known?.isTried === true && sentAtMs >= known.sinceMs;
    const steps = known === undefined ? 0 : isTrial ? known.steps + 1 : known.steps;
    const isSaid = retryAfterSeconds !== null;
    const untilMs = nowMs + (isSaid ? retryAfterSeconds * 1000 : stepMs(reason, steps));
    const lasts = known !== undefined && !isTrial && known.untilMs > untilMs;
    const bench: Bench = {
      reason: lasts ? known.reason : reason,
      sinceMs: known === undefined || isTrial ? nowMs : known.sinceMs,
      untilMs: lasts ? known.untilMs : untilMs,
      isSaid: lasts ? known.isSaid : isSaid,
      steps,
      isTried: lasts && known.isTried,
    };
    if (known === undefined && this.#benches.size >= MOST_BENCHES) this.#forgetOver(nowMs);
    this.#benches.set(name, bench);
    return bench;
  }

  /**
   * A request that was sent then is being answered. One from before the bench proves only that nothing hangs any more. True: whoever
   * it is sits out no longer.
   */
  answered(name: string, sentAtMs: number, nowMs: number): boolean {
    const bench = this.#benches.get(name);
    if (bench === undefined) return false;
    if (sentAtMs >= bench.sinceMs) return this.#benches.delete(name);
    if (bench.reason === 'hanging') {
      bench.untilMs = Math.min(bench.untilMs, nowMs);
      bench.isTried = false;
    }
    return false;
  }

  /** A request that was sent then came to nothing that says anything about it: if it was the trial, another one may be. */
  released(name: string, sentAtMs: number, nowMs: number): void {
    const bench = this.#benches.get(name);
    if (bench === undefined || !bench.isTried || bench.reason === 'hanging' || sentAtMs < bench.sinceMs)
      return;
    bench.untilMs = Math.min(bench.untilMs, nowMs);
    bench.isTried = false;
  }

  /** Also of one whose time is over, and that is still to be tried; null: of nothing. */
  reasonOf(name: string): BenchReason | null {
    return this.#benches.get(name)?.reason ?? null;
  }

  /** Nothing answers there, as somebody found who looks again by then. */
  unreachable(name: string, untilMs: number, nowMs: number): void {
    const known = this.#benches.get(name);
    if (known !== undefined && known.reason !== 'unreachable' && known.untilMs > untilMs) return;
    const bench = { sinceMs: nowMs, untilMs, isSaid: false, steps: 0, isTried: false };
    this.#benches.set(name, { reason: 'unreachable', ...bench });
  }

  /** Whatever it sat out for, it need not any more. */
  clear(name: string): void {
    this.#benches.delete(name);
  }

  /** What hangs says nothing for as long as it likes: there the next trial comes after the next step, and not when this one is through. */
  #tries(bench: Bench, nowMs: number): void {
    const isHanging = bench.reason === 'hanging';
    if (isHanging) bench.steps += 1;
    bench.isTried = true;
    bench.sinceMs = Math.min(bench.sinceMs, nowMs);
    bench.untilMs = nowMs + (isHanging ? stepMs('hanging', bench.steps) : TRIAL_MS);
  }

  /** A tenth at a time, so that not every new one looks through all of them. */
  #forgetOver(nowMs: number): void {
    for (const [name, { untilMs }] of this.#benches) if (nowMs >= untilMs) this.#benches.delete(name);
    for (const name of this.#benches.keys()) {
      if (this.#benches.size < MOST_BENCHES * 0.9) return;
      this.#benches.delete(name);
    }
  }
}

/** Also where the clock was set back since: nobody sits out for the hours that it was. */
function isOver({ sinceMs, untilMs }: Bench, nowMs: number): boolean {
  return nowMs >= untilMs || nowMs < sinceMs;
}

export function stepMs(reason: BenchReason, steps: number): number {
  const { first, most } = STEPS_MS[reason];
  return Math.min(most, first * 2 ** Math.min(steps, 20));
}
