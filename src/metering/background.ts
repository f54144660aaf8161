/** Work that goes on while the gateway serves: pass after pass, a quarter of the time, and ended between two steps. */

/** Of the time, the part in which it works: the rest belongs to whoever waits for the database meanwhile. */
const DUTY = 0.25;

export class Background {
  readonly #pass: () => Promise<number | null>;
  readonly #stopping = Promise.withResolvers<void>();
  #isStopping = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;

  /** @param pass never rejects; says in how many milliseconds the next one is due; null: never */
  constructor(pass: () => Promise<number | null>) {
    this.#pass = pass;
  }

  /** A pass asks this before each of its steps. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  start(delayMs = 0): void {
    if (this.#isStopping) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#pass().then((nextInMs) => {
        if (nextInMs !== null) this.start(nextInMs);
      });
    }, delayMs);
    this.#timer.unref?.();
  }

  /** Resolves when the step that runs is over. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Between two steps; shorter where it is to end. */
  async rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#stopping.promise]);
    clearTimeout(timer);
  }
}

/** How long a step that began at `startedMs` of `performance.now()` leaves the database to others. */
export function restAfterMs(startedMs: number): number {
  return ((performance.now() - startedMs) * (1 - DUTY)) / DUTY;
}
