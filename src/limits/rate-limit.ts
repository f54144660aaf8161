/** How often an account may use free models: so many a minute, so many a UTC day, over all of its keys. */
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import type { NanoUsd } from '../money.ts';
import { windowEndMs, windowId } from './window.ts';

const MINUTE_MS = 60_000;

/** OpenRouter grants the higher ceiling from 9 credits bought, one before the published 10, to absorb fees and rounding. */
const HIGH_CEILING_FROM_NANO_USD: NanoUsd = 9_000_000_000n;

/** One account's counters; refusals count nothing. */
export class FreeRequests {
  readonly #limits: Config['limits'];
  #purchasedNanoUsd: NanoUsd;
  #day: string;
  #usedToday: number;
  /** When the requests of the last minute were made, oldest first. */
  #recent: number[] = [];

  constructor(options: {
    limits: Config['limits'];
    purchasedNanoUsd: NanoUsd;
    usedToday: number;
    nowMs: number;
  }) {
    this.#limits = options.limits;
    this.#purchasedNanoUsd = options.purchasedNanoUsd;
    this.#day = windowId('daily', options.nowMs);
    this.#usedToday = options.usedToday;
  }

  set purchasedNanoUsd(amount: NanoUsd) {
    this.#purchasedNanoUsd = amount;
  }

  /** `free_model_daily_requests` of `GET /key`. */
  today(nowMs: number): { limit: number; used: number } {
    this.#turn(nowMs);
    return { limit: this.#dailyLimit(), used: this.#usedToday };
  }

  /** Counts one request, or throws 429 with when to come back. */
  take(nowMs: number): void {
    this.#turn(nowMs);
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
    if (this.#usedToday >= limit) {
      const suffix = limit === this.#limits.freeRequestsPerDay ? '' : '-high-balance';
      const resetMs = windowEndMs('daily', nowMs) ?? nowMs;
      throw exceeded(`free-models-per-day${suffix}`, 'openrouter_free_tier_daily', limit, resetMs, nowMs);
    }
    this.#recent.push(nowMs);
    this.#usedToday += 1;
  }

  #dailyLimit(): number {
    return this.#purchasedNanoUsd >= HIGH_CEILING_FROM_NANO_USD
      ? this.#limits.freeRequestsPerDayWithCredits
      : this.#limits.freeRequestsPerDay;
  }

  #turn(nowMs: number): void {
    const day = windowId('daily', nowMs);
    if (day === this.#day) return;
    this.#day = day;
    this.#usedToday = 0;
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
