/** Budgets, rate limits and alerts as JSON. No I/O. */
import { isoFromMs } from '../clock.ts';
import { GUARDRAIL_REACHES } from '../limits/scope-kinds/guardrail-budget.ts';
import { intervalOfScope } from '../limits/scope-kinds/workspace-budget.ts';
import { type NanoUsd, usdFromNanoUsd } from '../money.ts';
import {
  type BudgetAlertTable,
  type RateLimitTable,
  type TagBudgetTable,
  WORKSPACE_SCOPE,
  type WorkspaceBudgetTable,
} from '../storage/limit-tables.ts';
import { isWindowKind, windowEndMs } from '../window.ts';
import type { AlertAnswer, BudgetAnswer, RateLimitAnswer, TagBudgetAnswer } from './answers.ts';

export function budgetJson(row: WorkspaceBudgetTable): BudgetAnswer {
  return {
    id: row.id,
    workspace_id: row.workspace_id,
    limit_usd: usdFromNanoUsd(row.limit_nano_usd),
    reset_interval: row.period === 'lifetime' ? null : row.period,
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoFromMs(row.updated_at_ms),
  };
}

export interface ValueSpend {
  readonly value: string;
  readonly spentNanoUsd: NanoUsd;
}

export function tagBudgetJson(
  row: TagBudgetTable,
  spent: readonly ValueSpend[],
  nowMs: number,
): TagBudgetAnswer {
  return {
    id: row.id,
    workspace_id: row.workspace_id,
    tag: row.tag_name,
    value: row.tag_value === '' ? null : row.tag_value,
    interval: row.window_kind === 'all' ? 'lifetime' : row.window_kind,
    limit_usd: usdFromNanoUsd(row.limit_nano_usd),
    spend: spent.map(({ value, spentNanoUsd }) => ({
      value,
      spend_usd: usdFromNanoUsd(spentNanoUsd),
      remaining_usd: usdFromNanoUsd(leftOf(row.limit_nano_usd, spentNanoUsd)),
    })),
    resets_at: isoOrNull(isWindowKind(row.window_kind) ? windowEndMs(row.window_kind, nowMs) : null),
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoFromMs(row.updated_at_ms),
  };
}

export function rateLimitJson(row: RateLimitTable): RateLimitAnswer {
  return {
    id: row.id,
    workspace_id: row.workspace_id,
    subject: row.subject,
    target: row.target === '' ? null : row.target,
    requests_per_minute: row.requests_per_minute,
    tokens_per_minute: row.tokens_per_minute,
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoFromMs(row.updated_at_ms),
  };
}

export function alertJson(row: BudgetAlertTable): AlertAnswer {
  return {
    id: row.id,
    percent: row.percent,
    scope: scopeOf(row.scope_kind),
    of: row.scope_kind === WORKSPACE_SCOPE ? intervalOfScope(row.scope_id) : holderOf(row.scope_id),
    window: row.window_id,
    limit_usd: usdFromNanoUsd(row.limit_nano_usd),
    spend_usd: usdFromNanoUsd(row.spent_nano_usd),
    at: isoFromMs(row.at_ms),
  };
}

/** As refusals name it in `metadata.scope`. */
export function scopeOf(kind: string): string {
  return GUARDRAIL_REACHES.find((reach) => reach.kind === kind)?.scope ?? kind;
}

/** What stands behind the first two parts of a scope's id. */
function holderOf(scopeId: string): string {
  return scopeId.split(' ').slice(2).join(' ');
}

export function leftOf(limit: NanoUsd, spent: NanoUsd): NanoUsd {
  return limit > spent ? limit - spent : 0n;
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoFromMs(ms);
}
