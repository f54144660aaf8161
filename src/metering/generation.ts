/** One request that reached a provider: what is known when it is sent, and what is known when it has ended. */
import { boundedRequestNanoUsd, type NanoUsd } from '../money.ts';
import type { GenerationTable } from '../storage/schema.ts';

/** The stored row. */
export type Generation = GenerationTable & {
  /** What the content filters of the key did with the request, as JSON; null, and absent: none applied. The view has no column of it. */
  readonly content_filters?: string | null;
  /** The same of its answer, known at its end. */
  readonly answer_filters?: string | null;
  /** Of `cache_write_tokens`, what was stored for an hour; absent: nothing, or an earlier version's. The view has no column of it. */
  readonly cache_write_1h_tokens?: number;
};

/** The columns that are known before the request is sent. */
export type GenerationStart = Pick<
  Generation,
  | 'id'
  | 'account_id'
  | 'workspace_id'
  | 'key_hash'
  | 'request_id'
  | 'created_at_ms'
  | 'api_type'
  | 'door'
  | 'model'
  | 'model_permaslug'
  | 'router'
  | 'provider_slug'
  | 'provider_name'
  | 'endpoint_tag'
  | 'streamed'
  | 'is_byok'
  | 'http_referer'
  | 'app_title'
  | 'app_categories'
  | 'user_agent'
  | 'session_id'
  | 'tags'
  | 'agent_id'
  | 'parent_agent_id'
  | 'agent_class'
  | 'end_user'
  | 'external_user'
  | 'content_filters'
>;

/** The columns that only the end tells; the ledger's is added when the row is stored. */
export type GenerationEnd = Omit<Generation, keyof GenerationStart | 'ledger_transaction_id'>;

/** What the account was charged: of what its own provider key paid, the fee. */
export function chargedNanoUsd(
  row: Pick<Generation, 'is_byok' | 'cost_nano_usd' | 'byok_fee_nano_usd'>,
): NanoUsd {
  return row.is_byok === 1 ? row.byok_fee_nano_usd : row.cost_nano_usd;
}

/** Longer texts of a provider are cut: they are names, of which it has sent something else. */
const MAX_NAME_CHARACTERS = 256;

/** What a provider says, in the bounds of its columns: one absurd count would keep everybody's rows out of the database. */
export function bounded(end: GenerationEnd): GenerationEnd {
  return {
    ...end,
    upstream_id: boundedName(end.upstream_id),
    native_finish_reason: boundedName(end.native_finish_reason),
    service_tier: boundedName(end.service_tier),
    cost_nano_usd: boundedRequestNanoUsd(end.cost_nano_usd),
    upstream_cost_nano_usd: boundedRequestNanoUsd(end.upstream_cost_nano_usd),
    cache_discount_nano_usd: boundedRequestNanoUsd(end.cache_discount_nano_usd),
    overshoot_nano_usd: boundedRequestNanoUsd(end.overshoot_nano_usd),
    byok_fee_nano_usd: boundedRequestNanoUsd(end.byok_fee_nano_usd),
  };
}

export function boundedName(name: string | null): string | null {
  return name === null ? null : name.slice(0, MAX_NAME_CHARACTERS);
}

export type { ScopeRef } from '../limits/scope-kind.ts';
