/** What the models of a run cost, and the true cost of what the provider did: worked out here anew, not by the gateway's own code. */
import type { Random } from './random.ts';

export interface Price {
  readonly promptPicoUsd: bigint;
  readonly completionPicoUsd: bigint;
  readonly requestPicoUsd: bigint;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** By the provider's name of the model; clients ask for `acme/<name>`. */
export type PriceList = ReadonlyMap<string, Price>;

/** Its prompts are free, so an answer that reaches its cap costs exactly what was held for it. */
export const FLAT = 'flat';
const FLAT_TOKEN_PICO_USD = 1_000_003n;

const RANDOM_MODELS = 5;

export function makePrices(random: Random): PriceList {
  const prices = new Map<string, Price>();
  prices.set(FLAT, { promptPicoUsd: 0n, completionPicoUsd: FLAT_TOKEN_PICO_USD, requestPicoUsd: 0n });
  for (let n = 1; n <= RANDOM_MODELS; n += 1) {
    prices.set(`random-${n}`, {
      promptPicoUsd: BigInt(random.whole(1, 3_000_000)),
      completionPicoUsd: BigInt(random.whole(1, 15_000_000)),
      requestPicoUsd: BigInt(random.pick([0, 0, random.whole(1, 500_000_000)])),
    });
  }
  return prices;
}

/** Rounded up once, to nano-USD; nothing for an answer that never began. */
export function costNanoUsd(price: Price, usage: Usage): bigint {
  if (usage.promptTokens === 0) return 0n;
  const picoUsd =
    BigInt(usage.promptTokens) * price.promptPicoUsd +
    BigInt(usage.completionTokens) * price.completionPicoUsd +
    price.requestPicoUsd;
  return (picoUsd + 999n) / 1000n;
}

export function decimalUsd(picoUsd: bigint): string {
  const digits = picoUsd.toString().padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

export function usdOf(nanoUsd: bigint): number {
  return Number(nanoUsd) / 1e9;
}
