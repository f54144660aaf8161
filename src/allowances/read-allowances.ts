/** The allowances of a workspace as they stand in the database. */
import type { Db } from '../storage/database.ts';
import type {
  BudgetInterval,
  RateLimitTable,
  TagBudgetTable,
  WorkspaceLimitsTable,
} from '../storage/limit-tables.ts';
import { isWindowKind } from '../window.ts';
import {
  type Allowances,
  DEFAULT_ALERT_PERCENTS,
  type IntervalBudget,
  type RateLimit,
  type TagBudget,
} from './allowances.ts';
import * as store from './store.ts';

/** For whoever reads a key; null: there is no such workspace. */
export async function readAllowances(db: Db, workspaceId: string): Promise<Allowances | null> {
  const [place, limits, budgets, tagBudgets, rateLimits] = await Promise.all([
    store.findPlace(db, workspaceId),
    store.findLimits(db, workspaceId),
    store.findBudgets(db, workspaceId),
    store.findTagBudgets(db, workspaceId),
    store.findRateLimits(db, workspaceId),
  ]);
  if (place === undefined) return null;
  const byInterval: Record<BudgetInterval, IntervalBudget | null> = {
    ...{ daily: null, weekly: null, monthly: null, lifetime: null },
  };
  for (const { period, id, limit_nano_usd } of budgets)
    byInterval[period] = { id, limitNanoUsd: limit_nano_usd };
  return {
    workspaceId,
    workspaceName: place.name,
    includesByok: limits?.include_byok_in_budgets === 1,
    budgets: byInterval,
    tagBudgets: tagBudgets.map(tagBudgetOf),
    rateLimits: rateLimits.map(rateLimitOf),
  };
}

function tagBudgetOf(row: TagBudgetTable): TagBudget {
  if (!isWindowKind(row.window_kind)) throw new Error(`a tag's budget has the window ${row.window_kind}`);
  return {
    id: row.id,
    name: row.tag_name,
    value: row.tag_value === '' ? null : row.tag_value,
    windowKind: row.window_kind,
    limitNanoUsd: row.limit_nano_usd,
  };
}

function rateLimitOf(row: RateLimitTable): RateLimit {
  return {
    id: row.id,
    subject: row.subject,
    target: row.target === '' ? null : row.target,
    requestsPerMinute: row.requests_per_minute,
    tokensPerMinute: row.tokens_per_minute,
  };
}

/** For whoever changes them. */
export const {
  findAllBudgets,
  findBudgets,
  findBudgetsAmong,
  findLimits,
  findPlace,
  findRateLimits,
  findTagBudgets,
} = store;

/** Null: it is gone. */
export async function readTagBudget(
  db: Db,
  id: string,
): Promise<{
  readonly budget: TagBudget;
  readonly workspaceId: string;
  readonly includesByok: boolean;
} | null> {
  const row = await store.findTagBudget(db, id);
  if (row === undefined) return null;
  const limits = await store.findLimits(db, row.workspace_id);
  return {
    budget: tagBudgetOf(row),
    workspaceId: row.workspace_id,
    includesByok: limits?.include_byok_in_budgets === 1,
  };
}

/** At how many percent of a budget somebody is told; the lowest first. */
export async function readPercents(db: Db, workspaceId: string): Promise<readonly number[]> {
  return percentsOf(await store.findLimits(db, workspaceId));
}

export function percentsOf(limits: WorkspaceLimitsTable | undefined): readonly number[] {
  return limits === undefined ? DEFAULT_ALERT_PERCENTS : JSON.parse(limits.alert_percents);
}
