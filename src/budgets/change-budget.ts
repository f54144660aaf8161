/** Sets and removes the budgets of a workspace: one transaction with its entry in the log of changes, which every node follows. */

import { DEFAULT_ALERT_PERCENTS } from '../allowances/allowances.ts';
import { findBudgets } from '../allowances/read-allowances.ts';
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { dollars, type NanoUsd } from '../money.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database, Trx } from '../storage/database.ts';
import type { BudgetInterval, WorkspaceBudgetTable, WorkspaceLimitsTable } from '../storage/limit-tables.ts';
import type { Bit } from '../storage/schema.ts';
import { lockWorkspace, type Workspace } from '../tenancy/tenants.ts';
import type { BudgetWish } from './fields.ts';
import { INTERVALS } from './fields.ts';
import { deleteBudget, lockLimits, putBudget, updateLimits } from './store.ts';

export interface LimitServices {
  readonly database: Database;
  readonly clock: Clock;
  /** Makes this process, and soon the others, take note of a change. */
  readonly changed: () => Promise<void>;
}

/** One change at a time of what limits a workspace; last, the log of changes hears of it. */
export async function changingLimits<T>(
  { database, clock, changed }: LimitServices,
  workspace: Workspace,
  change: (trx: Trx, limits: WorkspaceLimitsTable, nowMs: number) => Promise<T>,
): Promise<T> {
  const nowMs = clock.nowMs();
  const done = await database.transaction(async (trx) => {
    // It may have been deleted meanwhile.
    if ((await lockWorkspace(trx, workspace.account_id, workspace.id)) === undefined)
      throw new TurnpikeError('not_found');
    const limits = await lockLimits(trx, {
      workspace_id: workspace.id,
      include_byok_in_budgets: 0,
      alert_percents: JSON.stringify(DEFAULT_ALERT_PERCENTS),
    });
    const result = await change(trx, limits, nowMs);
    await recordChange(trx, 'workspace_limits', workspace.id, nowMs);
    return result;
  });
  await changed();
  return done;
}

/** The budget as it is now. 400 where it is not smaller than that of a longer time, or not larger than that of a shorter. */
export async function setBudget(
  services: LimitServices,
  workspace: Workspace,
  interval: BudgetInterval,
  { limitNanoUsd, includesByok }: BudgetWish,
): Promise<{ readonly row: WorkspaceBudgetTable; readonly includesByok: boolean }> {
  return await changingLimits(services, workspace, async (trx, limits, nowMs) => {
    const rows = await findBudgets(trx, workspace.id);
    mustFit(rows, interval, limitNanoUsd);
    const before = rows.find((row) => row.period === interval);
    const row: WorkspaceBudgetTable = {
      ...{
        workspace_id: workspace.id,
        period: interval,
        id: before?.id ?? newId(),
        limit_nano_usd: limitNanoUsd,
      },
      ...{ created_at_ms: before?.created_at_ms ?? nowMs, updated_at_ms: nowMs },
    };
    await putBudget(trx, row);
    const byok: Bit = includesByok === undefined ? limits.include_byok_in_budgets : includesByok ? 1 : 0;
    if (byok !== limits.include_byok_in_budgets)
      await updateLimits(trx, workspace.id, { include_byok_in_budgets: byok });
    await recordAudit(trx, {
      ...{ action: 'workspace_budget.set', target: ['workspace', workspace.id], nowMs },
      accountId: workspace.account_id,
      before: factsOf(interval, before, limits.include_byok_in_budgets),
      after: { ...factsOf(interval, row, byok) },
    });
    return { row, includesByok: byok === 1 };
  });
}

/** Whether or not there is one. */
export async function removeBudget(
  services: LimitServices,
  workspace: Workspace,
  interval: BudgetInterval,
): Promise<void> {
  await changingLimits(services, workspace, async (trx, limits, nowMs) => {
    const before = (await findBudgets(trx, workspace.id)).find((row) => row.period === interval);
    if (before === undefined) return;
    await deleteBudget(trx, workspace.id, interval);
    await recordAudit(trx, {
      ...{ action: 'workspace_budget.removed', target: ['workspace', workspace.id], nowMs },
      accountId: workspace.account_id,
      before: factsOf(interval, before, limits.include_byok_in_budgets),
    });
  });
}

function factsOf(interval: BudgetInterval, row: WorkspaceBudgetTable | undefined, byok: Bit) {
  return {
    [`${interval}_limit_nano_usd`]: row?.limit_nano_usd ?? null,
    include_byok_in_budgets: byok === 1,
  };
}

/** Each must be larger than those of all shorter intervals, among those that are set. */
function mustFit(rows: readonly WorkspaceBudgetTable[], interval: BudgetInterval, limit: NanoUsd): void {
  const place = INTERVALS.indexOf(interval);
  for (const other of rows) {
    const otherPlace = INTERVALS.indexOf(other.period);
    if (otherPlace < place && other.limit_nano_usd >= limit) throw notFitting(interval, limit, 'more', other);
    if (otherPlace > place && other.limit_nano_usd <= limit) throw notFitting(interval, limit, 'less', other);
  }
}

function notFitting(interval: BudgetInterval, limit: NanoUsd, than: string, other: WorkspaceBudgetTable) {
  return invalidField(
    'limit_usd',
    `the ${interval} budget (${dollars(limit)}) must be ${than} than the ${other.period} budget (${dollars(other.limit_nano_usd)})`,
  );
}
