/** What tokens cost: the one price function, used for the most a request can cost and for what it did cost. Exact until rounded once. */
import type { Pricing, UnitPrices } from '../catalogue/model.ts';
import { type NanoUsd, nanoUsdFromPico, type PicoUsd } from '../money.ts';
import type { TokenUsage } from '../providers/provider.ts';
import { pricesAt } from './conditions.ts';

/** Everything about a finished request that has a price. */
export interface BillableUsage extends TokenUsage {
  /** Input images, where an image has a price of its own. */
  imageCount: number;
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

/** The cost of `usage` at the prices that hold for a request which began at `atMs`. */
export function costOf(usage: BillableUsage, pricing: Pricing, atMs: number): Cost {
  const prices = pricesAt(pricing, usage.promptTokens, atMs);
  const input = promptCost(usage, prices);
  const completionPicoUsd = completionCost(usage, prices);
  const promptPicoUsd =
    input.picoUsd + BigInt(usage.imageCount) * (prices.image ?? 0n) + (prices.request ?? 0n);
  return {
    totalNanoUsd: nanoUsdFromPico(promptPicoUsd + completionPicoUsd),
    promptPicoUsd,
    completionPicoUsd,
    cacheDiscountPicoUsd: input.discountPicoUsd,
  };
}

/** Cached, written and audio tokens are parts of the prompt, whatever a provider claims; each has its own price, the rest the plain one. */
function promptCost(
  usage: BillableUsage,
  prices: UnitPrices,
): { picoUsd: PicoUsd; discountPicoUsd: PicoUsd } {
  const all = BigInt(usage.promptTokens);
  const cached = smaller(BigInt(usage.cachedTokens), all);
  const written = smaller(BigInt(usage.cacheWriteTokens), all - cached);
  const fresh = all - cached - written;
  const audio = smaller(BigInt(usage.audioTokens), fresh);
  const cachePicoUsd =
    cached * (prices.inputCacheRead ?? prices.prompt) + written * (prices.inputCacheWrite ?? prices.prompt);
  return {
    picoUsd: cachePicoUsd + (fresh - audio) * prices.prompt + audio * (prices.audio ?? prices.prompt),
    discountPicoUsd: (cached + written) * prices.prompt - cachePicoUsd,
  };
}

function completionCost(usage: BillableUsage, prices: UnitPrices): PicoUsd {
  const all = BigInt(usage.completionTokens);
  const reasoning = smaller(BigInt(usage.reasoningTokens), all);
  const audio = smaller(BigInt(usage.audioOutputTokens), all - reasoning);
  const image = smaller(BigInt(usage.imageOutputTokens), all - reasoning - audio);
  return (
    (all - reasoning - audio - image) * prices.completion +
    reasoning * (prices.internalReasoning ?? prices.completion) +
    audio * (prices.audioOutput ?? prices.completion) +
    image * (prices.imageOutput ?? prices.completion)
  );
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
    inputPicoUsd: max(all.flatMap((p) => [p.prompt, p.audio, p.inputCacheRead, p.inputCacheWrite])),
    outputPicoUsd: max(all.flatMap((p) => [p.completion, p.internalReasoning, p.audioOutput, p.imageOutput])),
    imagePicoUsd: max(all.map((p) => p.image)),
    requestPicoUsd: max(all.map((p) => p.request)),
  };
  highestByPricing.set(pricing, highest);
  return highest;
}

function max(prices: readonly (PicoUsd | undefined)[]): PicoUsd {
  return prices.reduce<PicoUsd>(
    (highest, price) => (price !== undefined && price > highest ? price : highest),
    0n,
  );
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
