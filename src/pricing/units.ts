/** Prices as others write them (USD a million, a thousand) and under their public names, to integer pico-USD a unit and back. */

import { formatPriceUsd, type PicoUsd, parsePriceUsd } from '../money.ts';
import type { UnitPrices } from './price.ts';

/** Each price's name here, and its name in `GET /models` and in turnpike.yaml. */
export const publicPriceNames = {
  prompt: 'prompt',
  completion: 'completion',
  request: 'request',
  image: 'image',
  imageOutput: 'image_output',
  imageToken: 'image_token',
  audio: 'audio',
  audioOutput: 'audio_output',
  inputAudioCache: 'input_audio_cache',
  inputCacheRead: 'input_cache_read',
  inputCacheWrite: 'input_cache_write',
  inputCacheWrite1h: 'input_cache_write_1h',
  internalReasoning: 'internal_reasoning',
  webSearch: 'web_search',
} as const satisfies Record<keyof UnitPrices, string>;

export type PriceName = keyof UnitPrices;

export const priceNames = Object.keys(publicPriceNames) as readonly PriceName[];

const namesByPublicName = new Map<string, PriceName>(
  priceNames.map((name) => [publicPriceNames[name], name]),
);

export function priceNameFromPublic(publicName: string): PriceName | null {
  return namesByPublicName.get(publicName) ?? null;
}

/** Null when it is finer than a pico-USD a unit, or not a price at all. */
export function priceFromUsdPerMillion(usd: number): PicoUsd | null {
  return scaled(usd, -6);
}

export function priceFromUsdPerThousand(usd: number): PicoUsd | null {
  return scaled(usd, -3);
}

/** Through the number's shortest decimal text, which is what its author typed: no float arithmetic, no noise. */
function scaled(usd: number, powerOfTen: number): PicoUsd | null {
  if (!Number.isFinite(usd) || usd < 0) return null;
  const [mantissa = '', own = '0'] = usd.toString().split('e');
  return parsePriceUsd(`${mantissa}e${Number(own) + powerOfTen}`);
}

/** The prices present, under their public names, as plain decimal text. */
export function publicPrices(prices: Partial<UnitPrices>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of priceNames) {
    const price = prices[name];
    if (price !== undefined) texts[publicPriceNames[name]] = formatPriceUsd(price);
  }
  return texts;
}
