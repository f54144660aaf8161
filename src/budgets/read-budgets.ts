/** What limits a workspace, with what is spent of it. */
import { windowKindOfInterval } from '../allowances/allowances.ts';
import {
  findBudgets,
  findLimits,
  findRateLimits,
  findTagBudgets,
  percentsOf,
} from '../allowances/read-allowances.ts';
import { TAG_SCOPE, tagScopeId } from '../limits/scope-kinds/tag-budget.ts';
import { workspaceScopeId } from '../limits/scope-kinds/workspace-budget.ts';
import { usdFromNanoUsd } from '../money.ts';
import { type TagBudgetTable, WORKSPACE_SCOPE } from '../storage/limit-tables.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import type { Workspace } from '../tenancy/tenants.ts';
import { isWindowKind, windowEndMs, windowId } from '../window.ts';
import type { TagBudgetAnswer, WorkspaceLimitsAnswer } from './answers.ts';
import { alertJson, isoOrNull, rateLimitJson, tagBudgetJson, type ValueSpend } from './budget-json.ts';
import type { LimitServices } from './change-budget.ts';
import { INTERVALS } from './fields.ts';
import { type RateTargets, withShownTargets } from './rate-target.ts';
import { counted, type SpendReader } from './spend.ts';
import { listAlerts, topScopes } from './store.ts';

export interface BudgetServices extends LimitServices, RateTargets {
  /** With all that was settled before on this node. */
  readonly spend: SpendReader;
  readonly readJson: (request: Request) => Promise<unknown>;
  /** Those that requests are told apart by. */
  readonly tagNames: ReadonlySet<string>;
}

/** As many values of one tag as a list shows. */
const MOST_VALUES = 20;
const ALERTS_SHOWN = 50;

export async function tagBudgetsJson(
  services: BudgetServices,
  workspaceId: string,
): Promise<TagBudgetAnswer[]> {
  const { db } = services.database;
  const [rows, limits] = await Promise.all([findTagBudgets(db, workspaceId), findLimits(db, workspaceId)]);
  const nowMs = services.clock.nowMs();
  const includesByok = limits?.include_byok_in_budgets === 1;
  return await Promise.all(
    rows.map(async (row) => tagBudgetJson(row, await spentOf(services, row, includesByok, nowMs), nowMs)),
  );
}

async function spentOf(
  { spend, database }: BudgetServices,
  { id, window_kind: windowKind, tag_value }: TagBudgetTable,
  includesByok: boolean,
  nowMs: number,
): Promise<ValueSpend[]> {
  if (!isWindowKind(windowKind)) return [];
  const current = windowId(windowKind, nowMs);
  if (tag_value !== '') {
    const scope = { kind: TAG_SCOPE, id: tagScopeId({ id, windowKind }, tag_value), windowId: current };
    const [spent] = await spend([scope]);
    return spent === undefined ? [] : [{ value: tag_value, spentNanoUsd: counted(spent, includesByok) }];
  }
  // Nothing in particular: it brings in what is settled.
  await spend([]);
  const start = tagScopeId({ id, windowKind }, '');
  const rows = await topScopes(database.db, {
    kind: TAG_SCOPE,
    start,
    windowId: current,
    limit: MOST_VALUES,
  });
  return rows.map((row) => ({
    value: row.scope_id.slice(start.length),
    spentNanoUsd: counted({ costNanoUsd: row.cost_nano_usd, byokNanoUsd: row.byok_nano_usd }, includesByok),
  }));
}

export async function limitsPage(
  services: BudgetServices,
  { id, name, slug, account_id }: Workspace,
  role: WorkspaceRole,
): Promise<WorkspaceLimitsAnswer> {
  const { db } = services.database;
  const nowMs = services.clock.nowMs();
  const [rows, limits, rates, tags, alerts, spent] = await Promise.all([
    findBudgets(db, id),
    findLimits(db, id),
    findRateLimits(db, id).then((found) => withShownTargets(db, account_id, found)),
    tagBudgetsJson(services, id),
    listAlerts(db, { accountId: account_id, workspaceId: id, before: null, limit: ALERTS_SHOWN }),
    services.spend(
      INTERVALS.map((interval) => ({
        kind: WORKSPACE_SCOPE,
        id: workspaceScopeId(id, interval),
        windowId: windowId(windowKindOfInterval(interval), nowMs),
      })),
    ),
  ]);
  const includesByok = limits?.include_byok_in_budgets === 1;
  return {
    workspace: { id, name, slug },
    role,
    include_byok_in_budgets: includesByok,
    budgets: INTERVALS.map((interval, at) => {
      const limit = rows.find((row) => row.period === interval)?.limit_nano_usd ?? null;
      const spentHere = spent[at];
      return {
        interval,
        limit_usd: limit === null ? null : usdFromNanoUsd(limit),
        spend_usd: usdFromNanoUsd(spentHere === undefined ? 0n : counted(spentHere, includesByok)),
        resets_at: isoOrNull(windowEndMs(windowKindOfInterval(interval), nowMs)),
      };
    }),
    tag_budgets: tags,
    rate_limits: rates.map(rateLimitJson),
    alert_percents: [...percentsOf(limits)],
    alerts: alerts.map(alertJson),
  };
}
