/** One request that reached a provider: what is known when it is sent, and what is known when it has ended. */
import type { GenerationTable } from '../storage/schema.ts';

/** One call to a provider on behalf of a request. */
export interface AttemptRecord {
  readonly provider: string;
  readonly tag: string;
  readonly model: string;
  /** The upstream's HTTP status; null when there was none. */
  readonly status: number | null;
  readonly latency_ms: number;
}

/** The stored row. */
export type Generation = GenerationTable;

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
  | 'end_user'
  | 'external_user'
>;

/** The columns that only the end tells; the ledger's is added when the row is stored. */
export type GenerationEnd = Omit<Generation, keyof GenerationStart | 'ledger_transaction_id'>;

/** A scope that the request counts against: `key`, `account`, … and its id. */
export type ScopeRef = readonly [kind: string, id: string];

/** A generation with the scopes it counts against. */
export interface SettledGeneration {
  readonly generation: Generation;
  readonly scopes: readonly ScopeRef[];
}
