/** The journal's records as earlier versions wrote them, a JSON object each: read at the first start after an upgrade. */
import { boundedRequestNanoUsd } from '../money.ts';
import { bounded, type GenerationEnd, type GenerationStart, type ScopeRef } from './generation.ts';
import type { Progress } from './spend-record.ts';

/** Columns of money: decimal text, because JSON has no integers of that size. */
type MoneyColumn =
  | 'cost_nano_usd'
  | 'upstream_cost_nano_usd'
  | 'cache_discount_nano_usd'
  | 'overshoot_nano_usd';

type JsonRecord =
  | { t: 'hold'; start: GenerationStart; scopes: ScopeRef[] }
  | { t: 'mark'; id: string; progress: [promptTokens: number, completionTokens: number, costNanoUsd: string] }
  | {
      t: 'settle';
      id: string;
      end: Omit<GenerationEnd, MoneyColumn | 'byok_fee_nano_usd' | 'plan'> & Record<MoneyColumn, string>;
    };

export type EarlierRecord =
  | { readonly kind: 'hold'; readonly start: GenerationStart; readonly scopes: readonly ScopeRef[] }
  | { readonly kind: 'mark'; readonly id: string; readonly progress: Progress }
  | { readonly kind: 'settle'; readonly id: string; readonly end: GenerationEnd };

/** Null: it is of this version. */
export function earlierRecord(text: string): EarlierRecord | null {
  if (!text.startsWith('{')) return null;
  const record: JsonRecord = JSON.parse(text);
  if (record.t === 'hold') return { kind: 'hold', start: record.start, scopes: record.scopes };
  if (record.t === 'settle') return { kind: 'settle', id: record.id, end: endOf(record.end) };
  const [promptTokens, completionTokens, cost] = record.progress;
  const costNanoUsd = boundedRequestNanoUsd(BigInt(cost));
  return { kind: 'mark', id: record.id, progress: { promptTokens, completionTokens, costNanoUsd } };
}

/** Bounded, because they wrote what the database cannot take. */
function endOf(json: Extract<JsonRecord, { t: 'settle' }>['end']): GenerationEnd {
  return bounded({
    ...json,
    cost_nano_usd: BigInt(json.cost_nano_usd),
    upstream_cost_nano_usd: BigInt(json.upstream_cost_nano_usd),
    cache_discount_nano_usd: BigInt(json.cache_discount_nano_usd),
    overshoot_nano_usd: BigInt(json.overshoot_nano_usd),
    // Nobody took one.
    byok_fee_nano_usd: 0n,
    plan: null,
  });
}
