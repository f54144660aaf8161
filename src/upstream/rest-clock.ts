/**
 * Tells when a connection has rested since its last answer: at least two milliseconds, in which the event loop has looked at its
 * sockets. The time alone says nothing, because a loop that is busy for longer has not read what came meanwhile.
 *
 * One timer for all, which runs only for a moment after an answer, or while somebody waits for a rested connection.
 */

const TICK_MS = 1;
/** The first may come at once, and each further one comes a millisecond and a look at the sockets later. */
const TICKS = 3;

export class RestClock {
  readonly #ticks: number;
  readonly #waiting = new Set<() => void>();
  #now = 0;
  #askedAt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** False: everything has always rested. */
  constructor(isNeeded = true) {
    this.#ticks = isNeeded ? TICKS : 0;
  }

  /** The time to ask `hasRested` with later. */
  begin(): number {
    this.#askedAt = this.#now;
    if (this.#ticks > 0) this.#run();
    return this.#now;
  }

  hasRested(since: number): boolean {
    return this.#now - since >= this.#ticks;
  }

  /** Calls back at every tick, until `stopCalling`. */
  callEachTick(callback: () => void): void {
    this.#waiting.add(callback);
    this.#run();
  }

  stopCalling(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  close(): void {
    this.#waiting.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #run(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  #tick(): void {
    this.#timer = null;
    this.#now += 1;
    for (const callback of this.#waiting) callback();
    if (this.#waiting.size > 0 || !this.hasRested(this.#askedAt)) this.#run();
  }
}
