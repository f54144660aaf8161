/** Makes, changes and deletes the budgets of tags, and says at how much of a budget somebody is told. */
import { findTagBudgets } from '../allowances/read-allowances.ts';
import { recordAudit } from '../audit/record.ts';
import { TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { NanoUsd } from '../money.ts';
import type { Trx } from '../storage/database.ts';
import type { TagBudgetTable } from '../storage/limit-tables.ts';
import type { Workspace } from '../tenancy/tenants.ts';
import { changingLimits, type LimitServices } from './change-budget.ts';
import type { TagBudgetWish } from './fields.ts';
import { deleteTagBudget, insertTagBudget, updateLimits, updateTagBudget } from './store.ts';

/** Each is looked at for every request that has tags. */
const MAX_TAG_BUDGETS = 200;

/** 409 where the same tag, value and interval have one. */
export async function addTagBudget(
  services: LimitServices,
  workspace: Workspace,
  { tag, value, windowKind, limitNanoUsd }: TagBudgetWish,
): Promise<TagBudgetTable> {
  return await changingLimits(services, workspace, async (trx, _, nowMs) => {
    const rows = await findTagBudgets(trx, workspace.id);
    const row: TagBudgetTable = {
      ...{ id: newId(), workspace_id: workspace.id, tag_name: tag, tag_value: value ?? '' },
      ...{ window_kind: windowKind, limit_nano_usd: limitNanoUsd },
      ...{ created_at_ms: nowMs, updated_at_ms: nowMs },
    };
    const isSame = (one: TagBudgetTable) =>
      one.tag_name === row.tag_name && one.tag_value === row.tag_value && one.window_kind === row.window_kind;
    if (rows.some(isSame))
      throw new TurnpikeError('conflict', {
        message: 'This tag has a budget of that interval already: change it instead',
      });
    if (rows.length >= MAX_TAG_BUDGETS)
      throw new TurnpikeError('conflict', {
        message: `A workspace has at most ${MAX_TAG_BUDGETS} budgets of tags`,
      });
    await insertTagBudget(trx, row);
    await recordAudit(trx, {
      ...{ action: 'tag_budget.created', target: ['tag_budget', row.id], nowMs },
      ...{ accountId: workspace.account_id, after: factsOf(row) },
    });
    return row;
  });
}

export async function changeTagBudget(
  services: LimitServices,
  workspace: Workspace,
  id: string,
  limitNanoUsd: NanoUsd,
): Promise<void> {
  await changingLimits(services, workspace, async (trx, _, nowMs) => {
    const before = await mustFind(trx, workspace, id);
    const after = { ...before, limit_nano_usd: limitNanoUsd };
    await updateTagBudget(trx, id, { limit_nano_usd: limitNanoUsd, updated_at_ms: nowMs });
    await recordAudit(trx, {
      ...{ action: 'tag_budget.changed', target: ['tag_budget', id], accountId: workspace.account_id },
      ...{ before: factsOf(before), after: factsOf(after), nowMs },
    });
  });
}

export async function removeTagBudget(
  services: LimitServices,
  workspace: Workspace,
  id: string,
): Promise<void> {
  await changingLimits(services, workspace, async (trx, _, nowMs) => {
    const before = await mustFind(trx, workspace, id);
    await deleteTagBudget(trx, id);
    await recordAudit(trx, {
      ...{ action: 'tag_budget.deleted', target: ['tag_budget', id], accountId: workspace.account_id },
      ...{ before: factsOf(before), nowMs },
    });
  });
}

/** @param percents the lowest first; empty: nobody is told */
export async function setAlertPercents(
  services: LimitServices,
  workspace: Workspace,
  percents: readonly number[],
): Promise<void> {
  await changingLimits(services, workspace, async (trx, limits, nowMs) => {
    const alert_percents = JSON.stringify(percents);
    await updateLimits(trx, workspace.id, { alert_percents });
    await recordAudit(trx, {
      ...{ action: 'budget_alerts.changed', target: ['workspace', workspace.id], nowMs },
      accountId: workspace.account_id,
      before: { percents: limits.alert_percents },
      after: { percents: alert_percents },
    });
  });
}

/** Another workspace's is none. */
async function mustFind(trx: Trx, workspace: Workspace, id: string): Promise<TagBudgetTable> {
  const row = (await findTagBudgets(trx, workspace.id)).find((one) => one.id === id);
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}

function factsOf({ workspace_id, tag_name, tag_value, window_kind, limit_nano_usd }: TagBudgetTable) {
  return { workspace_id, tag: tag_name, value: tag_value, interval: window_kind, limit_nano_usd };
}
