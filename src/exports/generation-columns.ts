/** A generation as a flat row, for tables. Money is exact: nano-USD as integers, and USD as decimal text. No I/O. */
import { isoFromMs } from '../clock.ts';
import { formatAmountUsd } from '../money.ts';
import type { GenerationTable } from '../storage/schema.ts';
import type { Cell } from './csv.ts';

export interface NamedGeneration {
  readonly row: GenerationTable;
  /** Null: the key is unknown by now. */
  readonly keyName: string | null;
}

export const COLUMNS: readonly (readonly [name: string, cell: (generation: NamedGeneration) => Cell])[] = [
  ['id', ({ row }) => row.id],
  ['created_at', ({ row }) => isoFromMs(row.created_at_ms)],
  ['request_id', ({ row }) => row.request_id],
  ['workspace_id', ({ row }) => row.workspace_id],
  ['api_key_hash', ({ row }) => row.key_hash],
  ['api_key_name', ({ keyName }) => keyName],
  ['api_type', ({ row }) => row.api_type],
  ['door', ({ row }) => row.door],
  ['model', ({ row }) => row.model],
  ['model_permaslug', ({ row }) => row.model_permaslug],
  ['provider_name', ({ row }) => row.provider_name],
  ['endpoint_id', ({ row }) => row.endpoint_tag],
  ['upstream_id', ({ row }) => row.upstream_id],
  ['streamed', ({ row }) => row.streamed === 1],
  ['cancelled', ({ row }) => row.cancelled === 1],
  ['is_byok', ({ row }) => row.is_byok === 1],
  ['is_estimated', ({ row }) => row.estimated === 1],
  ['finish_reason', ({ row }) => row.finish_reason],
  ['native_finish_reason', ({ row }) => row.native_finish_reason],
  ['service_tier', ({ row }) => row.service_tier],
  ['prompt_tokens', ({ row }) => row.prompt_tokens],
  ['completion_tokens', ({ row }) => row.completion_tokens],
  ['reasoning_tokens', ({ row }) => row.reasoning_tokens],
  ['cached_tokens', ({ row }) => row.cached_tokens],
  ['cache_write_tokens', ({ row }) => row.cache_write_tokens],
  ['image_count', ({ row }) => row.image_count],
  ['cost_nano_usd', ({ row }) => row.cost_nano_usd],
  ['cost_usd', ({ row }) => formatAmountUsd(row.cost_nano_usd)],
  ['upstream_cost_nano_usd', ({ row }) => row.upstream_cost_nano_usd],
  ['cache_discount_nano_usd', ({ row }) => row.cache_discount_nano_usd],
  ['latency_ms', ({ row }) => row.latency_ms],
  ['generation_time_ms', ({ row }) => row.generation_time_ms],
  ['http_referer', ({ row }) => row.http_referer],
  ['app_title', ({ row }) => row.app_title],
  ['user_agent', ({ row }) => row.user_agent],
  ['session_id', ({ row }) => row.session_id],
  ['external_user', ({ row }) => row.external_user],
  ['tags', ({ row }) => row.tags],
];
