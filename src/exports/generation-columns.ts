/** A generation as a flat row, for tables. Money is exact: nano-USD as integers, and USD as a decimal of nine places. No I/O. */
import { isoFromMs } from '../clock.ts';
import type { Cell } from '../csv.ts';
import { chargedNanoUsd } from '../metering/generation.ts';
import { formatAmountUsd } from '../money.ts';
import type { GenerationTable } from '../storage/schema.ts';

export interface NamedGeneration {
  readonly row: GenerationTable;
  /** Null: the key is unknown by now. */
  readonly keyName: string | null;
}

/** What a column's values are: `time` is milliseconds, `usd` is nano-USD that are shown as USD. */
export type ColumnKind = 'text' | 'integer' | 'boolean' | 'time' | 'usd';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly value: (generation: NamedGeneration) => Cell;
}

const column = (name: string, kind: ColumnKind, value: Column['value']): Column => ({ name, kind, value });

export const COLUMNS: readonly Column[] = [
  column('id', 'text', ({ row }) => row.id),
  column('created_at', 'time', ({ row }) => row.created_at_ms),
  column('request_id', 'text', ({ row }) => row.request_id),
  column('workspace_id', 'text', ({ row }) => row.workspace_id),
  column('api_key_hash', 'text', ({ row }) => row.key_hash),
  column('api_key_name', 'text', ({ keyName }) => keyName),
  column('api_type', 'text', ({ row }) => row.api_type),
  column('door', 'text', ({ row }) => row.door),
  column('model', 'text', ({ row }) => row.model),
  column('model_permaslug', 'text', ({ row }) => row.model_permaslug),
  column('provider_name', 'text', ({ row }) => row.provider_name),
  column('endpoint_id', 'text', ({ row }) => row.endpoint_tag),
  column('upstream_id', 'text', ({ row }) => row.upstream_id),
  column('streamed', 'boolean', ({ row }) => row.streamed === 1),
  column('cancelled', 'boolean', ({ row }) => row.cancelled === 1),
  column('is_byok', 'boolean', ({ row }) => row.is_byok === 1),
  column('is_estimated', 'boolean', ({ row }) => row.estimated === 1),
  column('finish_reason', 'text', ({ row }) => row.finish_reason),
  column('native_finish_reason', 'text', ({ row }) => row.native_finish_reason),
  column('service_tier', 'text', ({ row }) => row.service_tier),
  column('prompt_tokens', 'integer', ({ row }) => row.prompt_tokens),
  column('completion_tokens', 'integer', ({ row }) => row.completion_tokens),
  column('reasoning_tokens', 'integer', ({ row }) => row.reasoning_tokens),
  column('cached_tokens', 'integer', ({ row }) => row.cached_tokens),
  column('cache_write_tokens', 'integer', ({ row }) => row.cache_write_tokens),
  column('image_count', 'integer', ({ row }) => row.image_count),
  column('cost_nano_usd', 'integer', ({ row }) => chargedNanoUsd(row)),
  column('cost_usd', 'usd', ({ row }) => chargedNanoUsd(row)),
  column('upstream_cost_nano_usd', 'integer', ({ row }) => row.upstream_cost_nano_usd),
  column('cache_discount_nano_usd', 'integer', ({ row }) => row.cache_discount_nano_usd),
  column('latency_ms', 'integer', ({ row }) => row.latency_ms),
  column('generation_time_ms', 'integer', ({ row }) => row.generation_time_ms),
  column('http_referer', 'text', ({ row }) => row.http_referer),
  column('app_title', 'text', ({ row }) => row.app_title),
  column('user_agent', 'text', ({ row }) => row.user_agent),
  column('session_id', 'text', ({ row }) => row.session_id),
  column('external_user', 'text', ({ row }) => row.external_user),
  column('tags', 'text', ({ row }) => row.tags),
];

/** As text shows it. */
export function cellOf({ kind, value }: Column, generation: NamedGeneration): Cell {
  const cell = value(generation);
  if (kind === 'time') return isoFromMs(Number(cell));
  return kind === 'usd' ? formatAmountUsd(cell as bigint) : cell;
}
