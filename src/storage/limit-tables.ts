/** Tables of what workspaces may spend, and how fast they may ask. */
import type { Bit } from './schema.ts';

export interface WorkspaceLimitsTable {
  workspace_id: string;
  include_byok_in_budgets: Bit;
  /** JSON: integers, the lowest first. */
  alert_percents: string;
}

/** As in `usage_window.scope_kind`: each workspace has a scope for each of these intervals, `<its id> <interval>`. */
export const WORKSPACE_SCOPE = 'workspace';

/** From the broadest to the narrowest: in this order they refuse, and each must be larger than the next. */
export const BUDGET_INTERVALS: readonly BudgetInterval[] = ['lifetime', 'monthly', 'weekly', 'daily'];

export type BudgetInterval = 'daily' | 'weekly' | 'monthly' | 'lifetime';

export interface WorkspaceBudgetTable {
  workspace_id: string;
  period: BudgetInterval;
  id: string;
  limit_nano_usd: bigint;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface TagBudgetTable {
  id: string;
  workspace_id: string;
  tag_name: string;
  /** Empty: each value by itself. */
  tag_value: string;
  window_kind: string;
  limit_nano_usd: bigint;
  created_at_ms: number;
  updated_at_ms: number;
}

export type RateSubject = 'workspace' | 'member' | 'api_key' | 'model';

export interface RateLimitTable {
  id: string;
  workspace_id: string;
  subject: RateSubject;
  /** Empty: each by itself. */
  target: string;
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface RateWindowTable {
  name: string;
  minute: number;
  requests: number;
  tokens: number;
}

export interface BudgetAlertTable {
  scope_kind: string;
  scope_id: string;
  window_id: string;
  limit_nano_usd: bigint;
  percent: number;
  id: string;
  account_id: string;
  /** Null: of no workspace alone. */
  workspace_id: string | null;
  spent_nano_usd: bigint;
  at_ms: number;
}

/** What a counter had when it began to count. */
export interface ScopeOpeningTable {
  scope_kind: string;
  scope_id: string;
  window_id: string;
  cost_nano_usd: bigint;
  byok_nano_usd: bigint;
  requests: number;
}

export interface LimitTables {
  workspace_limits: WorkspaceLimitsTable;
  workspace_budget: WorkspaceBudgetTable;
  tag_budget: TagBudgetTable;
  rate_limit: RateLimitTable;
  rate_window: RateWindowTable;
  budget_alert: BudgetAlertTable;
  scope_opening: ScopeOpeningTable;
}
