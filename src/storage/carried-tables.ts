/** Of the schema, what generations that were dropped came to: src/storage/migrations/0031-carried-balances.sql. */

export interface CarriedSpendTable {
  account_id: string;
  key_hash: string;
  is_free: 0 | 1;
  day_start_ms: number;
  cost_nano_usd: bigint;
  byok_nano_usd: bigint;
  requests: number;
  last_at_ms: number;
}

export interface CarriedScopeSpendTable {
  scope_kind: string;
  scope_id: string;
  day_start_ms: number;
  cost_nano_usd: bigint;
  byok_nano_usd: bigint;
  requests: number;
}

/** What carried_debit calls all that is folded. */
export const FOLDED = '';

export interface CarriedDebitTable {
  account_id: string;
  /** '': of all that are older than `folded_before`. */
  transaction_id: string;
  cost_nano_usd: bigint;
}

/** One row at most. */
export interface CarriedThroughTable {
  id: 1;
  dropped_before_ms: number;
  folded_before: string;
}
