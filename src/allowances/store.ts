/** SQL that reads what limits the keys of one workspace. Each is one look-up by primary key, or by its beginning. */
import type { Db } from '../storage/database.ts';
import type {
  RateLimitTable,
  TagBudgetTable,
  WorkspaceBudgetTable,
  WorkspaceLimitsTable,
} from '../storage/limit-tables.ts';
import type { WorkspaceTable } from '../storage/workspace-tables.ts';

/** Well below what either engine takes as parameters of one statement. */
const IDS_PER_QUERY = 500;

export function findPlace(
  db: Db,
  workspaceId: string,
): Promise<Pick<WorkspaceTable, 'name' | 'account_id'> | undefined> {
  return db
    .selectFrom('workspace')
    .select(['name', 'account_id'])
    .where('id', '=', workspaceId)
    .executeTakeFirst();
}

/** Of every workspace. */
export function findAllBudgets(db: Db): Promise<Pick<WorkspaceBudgetTable, 'workspace_id' | 'period'>[]> {
  return db.selectFrom('workspace_budget').select(['workspace_id', 'period']).execute();
}

export function findLimits(db: Db, workspaceId: string): Promise<WorkspaceLimitsTable | undefined> {
  return db
    .selectFrom('workspace_limits')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
}

export function findBudgets(db: Db, workspaceId: string): Promise<WorkspaceBudgetTable[]> {
  return db.selectFrom('workspace_budget').selectAll().where('workspace_id', '=', workspaceId).execute();
}

/** Of these workspaces, which budgets there are. */
export async function findBudgetsAmong(
  db: Db,
  workspaceIds: readonly string[],
): Promise<Pick<WorkspaceBudgetTable, 'workspace_id' | 'period'>[]> {
  const found: Pick<WorkspaceBudgetTable, 'workspace_id' | 'period'>[] = [];
  for (let at = 0; at < workspaceIds.length; at += IDS_PER_QUERY)
    found.push(
      ...(await db
        .selectFrom('workspace_budget')
        .select(['workspace_id', 'period'])
        .where('workspace_id', 'in', workspaceIds.slice(at, at + IDS_PER_QUERY))
        .execute()),
    );
  return found;
}

/** In the order in which they were made. */
export function findTagBudgets(db: Db, workspaceId: string): Promise<TagBudgetTable[]> {
  return db
    .selectFrom('tag_budget')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();
}

/** In the order in which they were made. */
export function findRateLimits(db: Db, workspaceId: string): Promise<RateLimitTable[]> {
  return db
    .selectFrom('rate_limit')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();
}

export function findTagBudget(db: Db, id: string): Promise<TagBudgetTable | undefined> {
  return db.selectFrom('tag_budget').selectAll().where('id', '=', id).executeTakeFirst();
}
