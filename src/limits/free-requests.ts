/** How often an account may use free models: so many a minute, so many a UTC day, over all of its keys. */
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import type { NanoUsd } from '../money.ts';
import { windowEndMs, windowId } from '../window.ts';

const MINUTE_MS = 60_000;

/** OpenRouter grants the higher ceiling from 9 credits bought, one before the published 10, to absorb fees and rounding. */
const HIGH_CEILING_FROM_NANO_USD: NanoUsd = 9_000_000_000n;

/** How often what other nodes served is read again, while the limit is used. */
const READ_EVERY_MS = 2000;

/** The days around now, and the one that a wrong clock may name. */
const MAX_DAYS = 4;

/** What counts an account's free requests, beside its scopes: it has no money in it, and the model of a generation tells it. */
export const FREE_COUNTER = { kind: 'free' } as const;

/** What the database has of one window. */
export interface DayCount {
  readonly windowId: string;
  readonly requests: number;
}

interface Day {
  /** By all nodes, as of the last reading. */
  stored: number;
  /** By this process, and not among the stored. */
  unflushed: number;
}

export interface FreeRequestsOptions {
  readonly limits: Config['limits'];
  readonly purchasedNanoUsd: NanoUsd;
  readonly stored: readonly DayCount[];
  /** Where other nodes count too. */
  readonly readAgain?: (() => Promise<readonly DayCount[]>) | undefined;
  readonly nowMs: number;
}

/** One account's counters; refusals count nothing. */
export class FreeRequests {
  readonly #limits: Config['limits'];
  readonly #readAgain: FreeRequestsOptions['readAgain'];
  #purchasedNanoUsd: NanoUsd;
  #readAtMs: number;
  /** By their ids; more than one, because a clock may be set back over midnight. */
  readonly #days = new Map<string, Day>();
  /** When the requests of the last minute were made, oldest first. */
  #recent: number[] = [];

  constructor(options: FreeRequestsOptions) {
    this.#limits = options.limits;
    this.#readAgain = options.readAgain;
    this.#purchasedNanoUsd = options.purchasedNanoUsd;
    this.#readAtMs = options.nowMs;
    this.#learn(options.stored);
  }

  set purchasedNanoUsd(amount: NanoUsd) {
    this.#purchasedNanoUsd = amount;
  }

  /** `free_model_daily_requests` of `GET /key`. */
  today(nowMs: number): { limit: number; used: number } {
    this.#readAgainSometimes(nowMs);
    const { stored, unflushed } = this.#dayOf(windowId('daily', nowMs));
    return { limit: this.#dailyLimit(), used: stored + unflushed };
  }

  /** Counts one request, or throws 429 with when to come back. */
  take(nowMs: number): void {
    this.#readAgainSometimes(nowMs);
    this.#recent = this.#recent.filter((atMs) => atMs > nowMs - MINUTE_MS);
    const perMinute = this.#limits.freeRequestsPerMinute;
    const oldest = this.#recent[0];
    if (this.#recent.length >= perMinute && oldest !== undefined) {
      throw exceeded(
        'free-models-per-min',
        'openrouter_free_tier_minute',
        perMinute,
        oldest + MINUTE_MS,
        nowMs,
      );
    }
    const limit = this.#dailyLimit();
    const day = this.#dayOf(windowId('daily', nowMs));
    if (day.stored + day.unflushed >= limit) {
      const suffix = limit === this.#limits.freeRequestsPerDay ? '' : '-high-balance';
      const resetMs = windowEndMs('daily', nowMs) ?? nowMs;
      throw exceeded(`free-models-per-day${suffix}`, 'openrouter_free_tier_daily', limit, resetMs, nowMs);
    }
    this.#recent.push(nowMs);
    day.unflushed += 1;
  }

  /** The flusher has brought these into the database. */
  flushed(windowId: string, requests: number): void {
    const day = this.#days.get(windowId);
    if (day === undefined) return;
    day.unflushed -= requests;
    day.stored += requests;
  }

  #dailyLimit(): number {
    return this.#purchasedNanoUsd >= HIGH_CEILING_FROM_NANO_USD
      ? this.#limits.freeRequestsPerDayWithCredits
      : this.#limits.freeRequestsPerDay;
  }

  /** Behind the back of whoever asks: what is no money is worth no waiting, and goes by what is known while the database is gone. */
  #readAgainSometimes(nowMs: number): void {
    if (this.#readAgain === undefined || Math.abs(nowMs - this.#readAtMs) < READ_EVERY_MS) return;
    this.#readAtMs = nowMs;
    this.#readAgain().then(
      (stored) => this.#learn(stored),
      () => undefined,
    );
  }

  #learn(stored: readonly DayCount[]): void {
    for (const { windowId, requests } of stored) this.#dayOf(windowId).stored = requests;
  }

  #dayOf(id: string): Day {
    let day = this.#days.get(id);
    if (day === undefined) {
      // The oldest goes, not the first to have come: a clock that is far behind must not push out today.
      const oldest = [...this.#days.keys()].sort()[0];
      if (this.#days.size >= MAX_DAYS && oldest !== undefined) this.#days.delete(oldest);
      day = { stored: 0, unflushed: 0 };
      this.#days.set(id, day);
    }
    return day;
  }
}

function exceeded(
  name: string,
  source: string,
  limit: number,
  resetMs: number,
  nowMs: number,
): TurnpikeError {
  const headers = {
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(resetMs),
  };
  return new TurnpikeError('rate_limit_exceeded', {
    message: `Rate limit exceeded: ${name}`,
    retryAfterSeconds: Math.max(1, Math.ceil((resetMs - nowMs) / 1000)),
    headers,
    metadata: {
      limit_source: source,
      remedy_hint: 'Wait until the limit resets, or use a model that is not free.',
      headers,
    },
  });
}
