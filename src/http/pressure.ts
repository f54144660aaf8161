/**
 * Whether the machine has more to do than it can: then new work is refused early, with 503, so that what runs already ends in time.
 * The measure is how late the event loop comes to a timer: everything that a request waits for here is behind the same queue. What
 * may run at once is then lowered step by step below what runs, and raised again as soon as the loop is punctual.
 */
import { TurnpikeError } from '../errors.ts';

const SAMPLE_EVERY_MS = 50;
/** Lateness from which on less is taken in. A single large body is parsed in less. */
const LATE_MS = 150;
/** Lateness up to which there is room for more. */
const PUNCTUAL_MS = 40;
const LOWERED_BY = 0.9;
const RAISED_BY = 1.1;
/** So many may always run: below this it is not their number that makes the loop late. */
const LEAST_AT_ONCE = 16;

export class Pressure {
  readonly #running: () => number;
  #mostAtOnce = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  refused = 0;

  /** `running`: how many requests and streams are under way. */
  constructor(running: () => number) {
    this.#running = running;
  }

  start(): void {
    let expectedAt = performance.now() + SAMPLE_EVERY_MS;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.sample(now - expectedAt);
      expectedAt = now + SAMPLE_EVERY_MS;
    }, SAMPLE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One measurement; called by itself once started. */
  sample(latenessMs: number): void {
    const running = this.#running();
    if (latenessMs > LATE_MS)
      this.#mostAtOnce = Math.max(LEAST_AT_ONCE, Math.min(this.#mostAtOnce, running) * LOWERED_BY);
    else if (latenessMs < PUNCTUAL_MS && this.#mostAtOnce !== Number.POSITIVE_INFINITY) {
      this.#mostAtOnce = Math.max(this.#mostAtOnce * RAISED_BY, this.#mostAtOnce + 1);
      // Twice what runs, while all is punctual: the bound has nothing more to say.
      if (this.#mostAtOnce > 2 * running + LEAST_AT_ONCE) this.#mostAtOnce = Number.POSITIVE_INFINITY;
    }
  }

  /** Throws 503 with `Retry-After` where one more would be too much. */
  mustTakeOneMore(): void {
    if (this.#running() < this.#mostAtOnce) return;
    this.refused += 1;
    throw new TurnpikeError('unavailable', {
      message: 'This gateway has more to do than it can; repeat this request in a moment',
      retryAfterSeconds: 1 + Math.floor(Math.random() * 3),
    });
  }
}
