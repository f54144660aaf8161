/** The one source of time, so that tests can move it. All times are UTC milliseconds since the epoch. */
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** Time that only goes forward, for what is waited for: it tells no date, and a clock that is set does not move it. */
export interface Timing {
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
  /** Runs it once, later; the answer prevents that. */
  schedule(ms: number, run: () => void): () => void;
}

export const systemTiming: Timing = {
  monotonicMs: () => performance.now(),
  sleep: (ms) => Bun.sleep(ms),
  schedule: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until it is told to move. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/**
 * Waits for `work`, at most `timeoutMs`: whether it ended in time. Rejects as `work` does. No timer stays behind, which would
 * keep a process that stops alive until it rings.
 */
export async function endsWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), timeoutMs);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const LOOK_AGAIN_MS = 10;

/** Whether `condition` holds before the time is over, looked at again and again. */
export async function becomesTrueWithin(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const endsAt = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() >= endsAt) return false;
    await Bun.sleep(LOOK_AGAIN_MS);
  }
  return true;
}

/** ISO 8601 with milliseconds and `Z`, the only form of time in our answers. */
export function isoFromMs(ms: number): string {
  return new Date(ms).toISOString();
}

/** When the UTC month begins that holds `atMs`, or one so many months later. */
export function monthStartMs(atMs: number, monthsLater = 0): number {
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1);
}
