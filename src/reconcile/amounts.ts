/** What bills and the ledger are compared in: counts, and money to the pico-USD. No I/O. */

/**
 * `prompt` is all that went in, `output` all that came out: their parts are told by some bills and not by others. `cache_write` is both
 * of its kinds.
 */
export const DIMENSIONS = [
  'requests',
  'prompt',
  'input',
  'cached_read',
  'cache_write',
  'cache_write_5m',
  'cache_write_1h',
  'output',
  'reasoning',
  'cost',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Parts of the prompt that overlap with no other. */
export const PROMPT_PARTS = ['input', 'cached_read', 'cache_write'] as const;

/** Tokens and requests as counts, `cost` in pico-USD. */
export type Amounts = Record<Dimension, bigint>;

export function noAmounts(): Amounts {
  return {
    ...{ requests: 0n, prompt: 0n, input: 0n, cached_read: 0n, cache_write: 0n },
    ...{ cache_write_5m: 0n, cache_write_1h: 0n, output: 0n, reasoning: 0n, cost: 0n },
  };
}

export function addAmounts(sums: Amounts, more: Partial<Amounts>, times = 1n): void {
  for (const dimension of DIMENSIONS) {
    const amount = more[dimension];
    if (amount !== undefined) sums[dimension] += amount * times;
  }
}

export function isNothing(amounts: Partial<Amounts>): boolean {
  return DIMENSIONS.every((dimension) => (amounts[dimension] ?? 0n) === 0n);
}

/** The nearest to `amount` that lies between the two. */
export function clamp(amount: bigint, least: bigint, most: bigint): bigint {
  if (amount < least) return least;
  return amount > most ? most : amount;
}

export function absolute(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
