/** What things cost: prices by unit, and when others take their place. Frozen once built; integers. */
import type { PicoUsd } from '../money.ts';

/** Prices in pico-USD a unit, with the names of `pricing` in `GET /models`. Absent: not offered, or priced as its base. */
export interface UnitPrices {
  /** A prompt token. */
  readonly prompt: PicoUsd;
  /** A completion token. */
  readonly completion: PicoUsd;
  /** One request. */
  readonly request?: PicoUsd;
  /** One input image. */
  readonly image?: PicoUsd;
  readonly imageOutput?: PicoUsd;
  readonly imageToken?: PicoUsd;
  /** An audio input token. */
  readonly audio?: PicoUsd;
  readonly audioOutput?: PicoUsd;
  readonly inputAudioCache?: PicoUsd;
  readonly inputCacheRead?: PicoUsd;
  /** Five-minute cache writes. */
  readonly inputCacheWrite?: PicoUsd;
  readonly inputCacheWrite1h?: PicoUsd;
  /** A reasoning token; absent: priced as a completion token. */
  readonly internalReasoning?: PicoUsd;
  readonly webSearch?: PicoUsd;
}

export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';

/** Prices that replace the base ones while every condition holds; later entries win, missing keys inherit. */
export interface PriceOverride {
  /** Holds when the prompt has strictly more tokens. */
  readonly minPromptTokens?: number;
  /** HHMM as a number, UTC, half-open; may wrap midnight. */
  readonly utcStart?: number;
  readonly utcEnd?: number;
  readonly utcDays?: readonly Weekday[];
  readonly prices: Partial<UnitPrices>;
}

export interface Pricing {
  readonly base: UnitPrices;
  readonly overrides: readonly PriceOverride[];
}

export const FREE_PRICING: Pricing = Object.freeze({
  base: Object.freeze({ prompt: 0n, completion: 0n }),
  overrides: Object.freeze([]),
});
