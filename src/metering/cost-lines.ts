/**
 * How the cost of a stored generation comes about, bucket by bucket. A record keeps tokens and a sum, and no prices: the ones of today
 * are taken, and told to be those of then only where they come to the same nano-USD. No I/O.
 */
import { formatAmountUsd, formatPriceUsd, nanoUsdFromPico, type PicoUsd, usdFromNanoUsd } from '../money.ts';
import { pricesAt } from '../pricing/conditions.ts';
import type { Pricing, UnitPrices } from '../pricing/price.ts';
import type { CostDetails } from './answers.ts';
import { chargedNanoUsd, type Generation } from './generation.ts';
import { isOfSubscription } from './subscription.ts';

interface Line {
  readonly bucket: string;
  readonly unit: 'token' | 'image' | 'request';
  readonly count: number;
  readonly price: PicoUsd;
}

/** `pricing`: of the endpoint that answered, as it is now; null: it is no longer offered. */
export function costDetailsJson(row: Generation, pricing: Pricing | null): CostDetails {
  const prices = pricing === null ? null : pricesAt(pricing, row.prompt_tokens, row.created_at_ms);
  const lines = prices === null ? [] : linesOf(row, prices);
  const sum = nanoUsdFromPico(lines.reduce((total, { count, price }) => total + BigInt(count) * price, 0n));
  return {
    prices: prices === null ? 'unknown' : sum === row.upstream_cost_nano_usd ? 'used' : 'changed',
    lines: lines.map(({ bucket, unit, count, price }) => ({
      ...{ bucket, unit, count },
      price: formatPriceUsd(price),
      // Exact: each line may have more digits than a charge, which is rounded up once.
      cost: formatPriceUsd(BigInt(count) * price),
    })),
    list_cost: usdFromNanoUsd(row.upstream_cost_nano_usd),
    charged: usdFromNanoUsd(chargedNanoUsd(row)),
    charged_text: formatAmountUsd(chargedNanoUsd(row)),
    adjustment: adjustmentOf(row),
  };
}

/** Why the charge is not what the prices come to; null: it is. */
function adjustmentOf(row: Generation): string | null {
  if (row.is_byok === 1) return 'own_provider_key';
  if (row.cost_nano_usd === row.upstream_cost_nano_usd) return null;
  if (isOfSubscription(row.endpoint_tag)) return 'subscription';
  if (row.overshoot_nano_usd > 0n) return 'capped';
  return row.cost_nano_usd === 0n ? 'not_charged' : 'other';
}

/** As `pricing/cost.ts` adds them up, of the buckets that a record has. */
function linesOf(row: Generation, prices: UnitPrices): readonly Line[] {
  const plain = row.prompt_tokens - row.cached_tokens - row.cache_write_tokens;
  const written = row.completion_tokens - row.reasoning_tokens;
  const lines: readonly Line[] = [
    { bucket: 'input', unit: 'token', count: plain, price: prices.prompt },
    {
      ...{ bucket: 'cache_read', unit: 'token', count: row.cached_tokens },
      price: prices.inputCacheRead ?? prices.prompt,
    },
    {
      ...{ bucket: 'cache_write', unit: 'token', count: row.cache_write_tokens },
      price: prices.inputCacheWrite ?? prices.prompt,
    },
    { bucket: 'image', unit: 'image', count: row.image_count, price: prices.image ?? 0n },
    { bucket: 'output', unit: 'token', count: written, price: prices.completion },
    {
      ...{ bucket: 'reasoning', unit: 'token', count: row.reasoning_tokens },
      price: prices.internalReasoning ?? prices.completion,
    },
    { bucket: 'request', unit: 'request', count: 1, price: prices.request ?? 0n },
  ];
  return lines.filter(({ count, unit, price }) => count > 0 && (unit !== 'request' || price > 0n));
}
