/**
 * One coarse timer for all that waits. A sweep asks each what is due, so that an exchange costs no timer of its own and a chunk
 * that arrives costs no reading of the clock.
 *
 * The clock here stops while the event loop is held up: a sweep that comes late counts as two periods at most. What arrived
 * during the hold-up is still unread then, and its sender would else be blamed for our own pause.
 */

export interface Watched {
  /** `nowMs` is the time of these deadlines. May add and remove. */
  onSweep(nowMs: number): void;
}

const SWEEP_MS = 100;

export class Deadlines {
  readonly periodMs: number;
  readonly #watched = new Set<Watched>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #nowMs = 0;
  #sweptAt = 0;

  constructor(periodMs = SWEEP_MS) {
    this.periodMs = periodMs;
  }

  /** When `delayMs` from now is surely over, in the time of these deadlines: up to three periods later, never earlier. */
  after(delayMs: number): number {
    return this.#nowMs + delayMs + 2 * this.periodMs;
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
    if (this.#timer !== null) return;
    this.#sweptAt = performance.now();
    this.#timer = setInterval(() => this.#sweep(), this.periodMs);
    // Sockets keep the process alive as long as something is awaited; the timer need not.
    this.#timer.unref();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
  }

  close(): void {
    this.#watched.clear();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #sweep(): void {
    const now = performance.now();
    this.#nowMs += Math.min(now - this.#sweptAt, 2 * this.periodMs);
    this.#sweptAt = now;
    for (const watched of this.#watched) watched.onSweep(this.#nowMs);
    // Stopped here rather than at the last removal, so that one request after the other does not start a timer each.
    if (this.#watched.size === 0) this.close();
  }
}
