/** The tables of guardrails and of whom they bind. */
import type { Bit, LimitReset } from './schema.ts';

export interface GuardrailTable {
  account_id: string;
  id: string;
  /** Null: of no workspace, as the organisation's own. */
  workspace_id: string | null;
  /** Whom it binds: whoever it is assigned to, every key of its workspace, or every key of the account. */
  applies_to: 'assigned' | 'workspace' | 'account';
  name: string;
  description: string | null;
  limit_nano_usd: bigint | null;
  /** Null: the limit is never reset. */
  reset_interval: LimitReset | null;
  include_byok_in_budgets: Bit;
  /** JSON: lists of texts, never empty. Null: no restriction. */
  allowed_models: string | null;
  ignored_models: string | null;
  allowed_providers: string | null;
  ignored_providers: string | null;
  allowed_data_regions: string | null;
  enforce_zdr_anthropic: Bit | null;
  enforce_zdr_openai: Bit | null;
  enforce_zdr_google: Bit | null;
  enforce_zdr_xai: Bit | null;
  enforce_zdr_other: Bit | null;
  allow_safety_retention_google: Bit | null;
  allow_safety_retention_other: Bit | null;
  enable_paid_model_training: Bit | null;
  enable_free_model_training: Bit | null;
  enable_free_model_publication: Bit | null;
  /** JSON: lists of objects. Null: none. */
  content_filter_builtins: string | null;
  content_filters: string | null;
  created_at_ms: number;
  updated_at_ms: number | null;
}

interface AssignmentColumns {
  account_id: string;
  guardrail_id: string;
  id: string;
  /** The user who assigned it; null: a key did. */
  assigned_by: string | null;
  created_at_ms: number;
}

export interface GuardrailKeyTable extends AssignmentColumns {
  key_hash: string;
}

export interface GuardrailMemberTable extends AssignmentColumns {
  user_id: string;
}
