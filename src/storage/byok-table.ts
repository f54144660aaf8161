/** The table of keys for providers that accounts brought themselves. */
import type { Bit } from './schema.ts';

export interface ByokKeyTable {
  id: string;
  account_id: string;
  /** Null: of every workspace of the account. */
  workspace_id: string | null;
  provider: string;
  /** Empty: the provider's own address. */
  base_url: string;
  name: string | null;
  label: string;
  /** Empty, as `sealed_secret`, once the key is deleted. */
  sealed_data_key: string;
  sealed_secret: string;
  disabled: Bit;
  is_fallback: Bit;
  is_required: Bit;
  is_byok_only: Bit;
  declared_zdr: Bit | null;
  declared_region: 'global' | 'europe' | 'us' | null;
  sort_order: number;
  /** JSON: lists of texts. Null: no restriction. */
  allowed_models: string | null;
  allowed_api_key_hashes: string | null;
  allowed_user_ids: string | null;
  created_by: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  last_used_at_ms: number | null;
  deleted_at_ms: number | null;
}

/** At most one row: a change of the master key, under way or past. */
export interface MasterKeyChangeTable {
  id: 1;
  /** Empty, as `sealed_previous_key`: nothing is under way. */
  sealed_next_key: string;
  sealed_previous_key: string;
  sealed_hash_key: string;
  started_at_ms: number;
  finished_at_ms: number | null;
}
