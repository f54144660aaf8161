/**
 * Notices that requests hang at an endpoint: several wait for far longer than it usually takes, and nothing has been heard from it for
 * as long. A slow answer among quick ones is no such thing. Cheap enough for every request: no timer, and no figures to sort.
 */

/** So many must wait that one long thought is not taken for a hang. */
export const SEVERAL = 3;
/** As many times what is usual. */
const FAR_BEYOND = 4;
const LEAST_MS = 750;
/** Before it has answered so often, nothing is usual. */
const ENOUGH_ANSWERS = 5;
const UNKNOWN_MS = 30_000;
/** Where nobody else can serve, more proof is asked for. */
export const SURELY_MS = 30_000;

/** A request that waits for its first byte. */
export interface Waiting {
  sentAtMs: number;
}

export class HangWatch {
  /** In the order in which they were sent. */
  readonly #waiting = new Set<Waiting>();
  #answers = 0;
  /** The slowest of lately: each quicker answer lets it sink a little. */
  #usualMs = 0;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  sent(request: Waiting): void {
    this.#waiting.add(request);
  }

  /** Its first byte is here. */
  answered(request: Waiting, nowMs: number): void {
    this.#waiting.delete(request);
    const tookMs = nowMs - request.sentAtMs;
    this.#usualMs = tookMs >= this.#usualMs ? tookMs : this.#usualMs + (tookMs - this.#usualMs) / 32;
    this.#answers += 1;
    this.#heardAtMs = nowMs;
  }

  /** It failed, or its caller left: neither says how long an answer takes. */
  ended(request: Waiting): void {
    this.#waiting.delete(request);
  }

  /** How long nothing has been heard while several wait for longer than they should; 0: it does not hang. */
  hangingMs(nowMs: number): number {
    if (this.#waiting.size < SEVERAL) return 0;
    const quietMs = nowMs - Math.max(this.#heardAtMs, this.#lastOfSeveralMs());
    const usualMs = this.#answers < ENOUGH_ANSWERS ? UNKNOWN_MS : FAR_BEYOND * this.#usualMs;
    return quietMs > Math.max(LEAST_MS, usualMs) ? quietMs : 0;
  }

  #lastOfSeveralMs(): number {
    let left = SEVERAL;
    for (const { sentAtMs } of this.#waiting) {
      left -= 1;
      if (left === 0) return sentAtMs;
    }
    return Number.POSITIVE_INFINITY;
  }
}
