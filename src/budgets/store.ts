/** SQL that changes what limits the keys of one workspace, and on the alerts of their budgets. */
import type { Db, Trx } from '../storage/database.ts';
import type {
  BudgetAlertTable,
  BudgetInterval,
  RateLimitTable,
  TagBudgetTable,
  WorkspaceBudgetTable,
  WorkspaceLimitsTable,
} from '../storage/limit-tables.ts';
import type { UsageWindowTable } from '../storage/schema.ts';

/**
 * What the workspace has settled, made if it has not yet. Whoever changes anything that limits the workspace calls this first: on
 * PostgreSQL the next one waits here.
 */
export async function lockLimits(trx: Trx, fresh: WorkspaceLimitsTable): Promise<WorkspaceLimitsTable> {
  return await trx
    .insertInto('workspace_limits')
    .values(fresh)
    .onConflict((conflict) =>
      conflict.column('workspace_id').doUpdateSet({ workspace_id: fresh.workspace_id }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function updateLimits(
  trx: Trx,
  workspaceId: string,
  changes: Partial<Pick<WorkspaceLimitsTable, 'include_byok_in_budgets' | 'alert_percents'>>,
): Promise<void> {
  await trx.updateTable('workspace_limits').set(changes).where('workspace_id', '=', workspaceId).execute();
}

export async function putBudget(trx: Trx, row: WorkspaceBudgetTable): Promise<void> {
  const { limit_nano_usd, updated_at_ms } = row;
  await trx
    .insertInto('workspace_budget')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['workspace_id', 'period']).doUpdateSet({ limit_nano_usd, updated_at_ms }),
    )
    .execute();
}

export async function deleteBudget(trx: Trx, workspaceId: string, interval: BudgetInterval): Promise<void> {
  await trx
    .deleteFrom('workspace_budget')
    .where('workspace_id', '=', workspaceId)
    .where('period', '=', interval)
    .execute();
}

export async function insertTagBudget(trx: Trx, row: TagBudgetTable): Promise<void> {
  await trx.insertInto('tag_budget').values(row).execute();
}

export async function updateTagBudget(
  trx: Trx,
  id: string,
  changes: Pick<TagBudgetTable, 'limit_nano_usd' | 'updated_at_ms'>,
): Promise<void> {
  await trx.updateTable('tag_budget').set(changes).where('id', '=', id).execute();
}

export async function deleteTagBudget(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('tag_budget').where('id', '=', id).execute();
}

export async function insertRateLimit(trx: Trx, row: RateLimitTable): Promise<void> {
  await trx.insertInto('rate_limit').values(row).execute();
}

export async function updateRateLimit(
  trx: Trx,
  id: string,
  changes: Pick<RateLimitTable, 'requests_per_minute' | 'tokens_per_minute' | 'updated_at_ms'>,
): Promise<void> {
  await trx.updateTable('rate_limit').set(changes).where('id', '=', id).execute();
}

export async function deleteRateLimit(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('rate_limit').where('id', '=', id).execute();
}

/** Everything that limits one workspace. */
export async function deleteLimits(trx: Trx, workspaceId: string): Promise<void> {
  for (const table of ['workspace_budget', 'tag_budget', 'rate_limit', 'workspace_limits'] as const)
    await trx.deleteFrom(table).where('workspace_id', '=', workspaceId).execute();
}

/** Whether this one is the first to tell it. */
export async function insertAlert(db: Db, row: BudgetAlertTable): Promise<boolean> {
  const inserted = await db
    .insertInto('budget_alert')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['scope_kind', 'scope_id', 'window_id', 'limit_nano_usd', 'percent']).doNothing(),
    )
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Of a workspace, the newest first. `before`: only those that came before the one with this id. */
export function listAlerts(
  db: Db,
  {
    accountId,
    workspaceId,
    before,
    limit,
  }: {
    readonly accountId: string;
    readonly workspaceId: string;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<BudgetAlertTable[]> {
  let query = db
    .selectFrom('budget_alert')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('workspace_id', '=', workspaceId);
  if (before !== null) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute();
}

/** The counters of one window that have spent most, among those of scopes whose ids begin alike. `start` has no sign that LIKE knows. */
export function topScopes(
  db: Db,
  {
    kind,
    start,
    windowId,
    limit,
  }: {
    readonly kind: string;
    readonly start: string;
    readonly windowId: string;
    readonly limit: number;
  },
): Promise<Pick<UsageWindowTable, 'scope_id' | 'cost_nano_usd' | 'byok_nano_usd'>[]> {
  return db
    .selectFrom('usage_window')
    .select(['scope_id', 'cost_nano_usd', 'byok_nano_usd'])
    .where('scope_kind', '=', kind)
    .where('window_id', '=', windowId)
    .where('scope_id', 'like', `${start}%`)
    .orderBy('cost_nano_usd', 'desc')
    .orderBy('scope_id')
    .limit(limit)
    .execute();
}
