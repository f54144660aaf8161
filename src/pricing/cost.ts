/** What tokens cost: the one price function, used for the most a request can cost and for what it did cost. Exact until rounded once. */

import { promptTokensOf, type TokenUsage } from '../chat/usage.ts';
import { type NanoUsd, nanoUsdFromPico, type PicoUsd } from '../money.ts';
import { pricesAt } from './conditions.ts';
import type { Pricing, UnitPrices } from './price.ts';

/** Everything about a finished request that has a price. */
export interface BillableUsage extends TokenUsage {
  /** Input images, where an image has a price of its own. */
  readonly imageCount: number;
}

export interface Cost {
  /** The charge: the exact sum, rounded up once. */
  readonly totalNanoUsd: NanoUsd;
  readonly promptPicoUsd: PicoUsd;
  readonly completionPicoUsd: PicoUsd;
  /** What cached reads saved against the plain prompt price, less what cache writes cost extra. */
  readonly cacheDiscountPicoUsd: PicoUsd;
}

export const FREE: Cost = {
  totalNanoUsd: 0n,
  promptPicoUsd: 0n,
  completionPicoUsd: 0n,
  cacheDiscountPicoUsd: 0n,
};

/** What a request used and what that costs: what its client is told is what is stored. */
export interface Bill {
  readonly usage: BillableUsage;
  readonly cost: Cost;
  /** The caller's own provider key paid: `cost` is what its provider asks by the list, and nothing is charged here. Absent: no. */
  readonly isByok?: boolean;
  /** What is charged for that. Absent: nothing. */
  readonly feeNanoUsd?: NanoUsd;
}

/** What is charged here: no more than a fee for what the caller's own provider key paid. */
export function chargedNanoUsd({ cost, isByok, feeNanoUsd = 0n }: Bill): NanoUsd {
  return isByok === true ? feeNanoUsd : cost.totalNanoUsd;
}

/** The cost of `usage` at the prices that hold for a request which began at `atMs`. */
export function costOf(usage: BillableUsage, pricing: Pricing, atMs: number): Cost {
  const prices = pricesAt(pricing, promptTokensOf(usage), atMs);
  const cachePicoUsd = cacheCost(usage, prices);
  const promptPicoUsd =
    cachePicoUsd +
    times(usage.inputTokens, prices.prompt) +
    times(usage.inputAudioTokens, prices.audio ?? prices.prompt) +
    times(usage.imageCount, prices.image ?? 0n) +
    times(usage.searches, prices.webSearch ?? 0n) +
    (prices.request ?? 0n);
  const completionPicoUsd = completionCost(usage, prices);
  const cachedTokens = usage.cacheReadTokens + usage.cacheWriteTokens + usage.cacheWrite1hTokens;
  return {
    totalNanoUsd: nanoUsdFromPico(promptPicoUsd + completionPicoUsd),
    promptPicoUsd,
    completionPicoUsd,
    cacheDiscountPicoUsd: times(cachedTokens, prices.prompt) - cachePicoUsd,
  };
}

/** Reads and writes of the provider's cache. What has no price of its own is charged as the next dearer thing that it is. */
function cacheCost(usage: BillableUsage, prices: UnitPrices): PicoUsd {
  const written = prices.inputCacheWrite ?? prices.prompt;
  return (
    times(usage.cacheReadTokens, prices.inputCacheRead ?? prices.prompt) +
    times(usage.cacheWriteTokens, written) +
    times(usage.cacheWrite1hTokens, prices.inputCacheWrite1h ?? written)
  );
}

function completionCost(usage: BillableUsage, prices: UnitPrices): PicoUsd {
  return (
    times(usage.outputTokens, prices.completion) +
    times(usage.reasoningTokens, prices.internalReasoning ?? prices.completion) +
    times(usage.outputAudioTokens, prices.audioOutput ?? prices.completion) +
    times(usage.outputImageTokens, prices.imageOutput ?? prices.completion)
  );
}

/** Most counts of most requests are 0, and a multiplication of bigints makes two of them. */
function times(count: number, price: PicoUsd): PicoUsd {
  return count === 0 ? 0n : BigInt(count) * price;
}

export interface Bound {
  /** No tokenizer yields more tokens than the prompt has UTF-8 bytes, so bytes are a true bound. */
  readonly promptTokens: number;
  /** Output tokens over all choices. */
  readonly completionTokens: number;
  readonly imageCount: number;
}

/** The most that work within `bound` can cost, whatever mix of cached, audio or reasoning tokens it turns out to be. */
export function highestCostOf(bound: Bound, pricing: Pricing): NanoUsd {
  const { inputPicoUsd, outputPicoUsd, imagePicoUsd, requestPicoUsd } = highestPrices(pricing);
  return nanoUsdFromPico(
    BigInt(bound.promptTokens) * inputPicoUsd +
      BigInt(bound.completionTokens) * outputPicoUsd +
      BigInt(bound.imageCount) * imagePicoUsd +
      requestPicoUsd,
  );
}

interface HighestPrices {
  readonly inputPicoUsd: PicoUsd;
  readonly outputPicoUsd: PicoUsd;
  readonly imagePicoUsd: PicoUsd;
  readonly requestPicoUsd: PicoUsd;
}

const highestByPricing = new WeakMap<Pricing, HighestPrices>();

/** Pricing is frozen, so its maxima are worked out once. */
export function highestPrices(pricing: Pricing): HighestPrices {
  const known = highestByPricing.get(pricing);
  if (known !== undefined) return known;
  const all = [
    pricing.base,
    ...pricing.overrides.map((override) => ({ ...pricing.base, ...override.prices })),
  ];
  const highest = {
    inputPicoUsd: max(
      all.flatMap((p) => [p.prompt, p.audio, p.inputCacheRead, p.inputCacheWrite, p.inputCacheWrite1h]),
    ),
    outputPicoUsd: max(all.flatMap((p) => [p.completion, p.internalReasoning, p.audioOutput, p.imageOutput])),
    imagePicoUsd: max(all.map((p) => p.image)),
    requestPicoUsd: max(all.map((p) => p.request)),
  };
  highestByPricing.set(pricing, highest);
  return highest;
}

/** Whatever is asked of it, at whatever time. */
export function isFree(pricing: Pricing): boolean {
  const all = [pricing.base, ...pricing.overrides.map(({ prices }) => prices)];
  return all.every((prices) => Object.values(prices).every((picoUsd) => picoUsd === 0n));
}

function max(prices: readonly (PicoUsd | undefined)[]): PicoUsd {
  return prices.reduce<PicoUsd>(
    (highest, price) => (price !== undefined && price > highest ? price : highest),
    0n,
  );
}
