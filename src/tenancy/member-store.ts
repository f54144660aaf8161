/** SQL on `workspace_member`: who works in a workspace. Of the default one everybody is a member, without a row. */
import { sql } from 'kysely';
import { newId } from '../ids.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { WorkspaceMemberTable, WorkspaceRole } from '../storage/workspace-tables.ts';

export type Membership = WorkspaceMemberTable;

export function findMembership(db: Db, workspaceId: string, userId: string): Promise<Membership | undefined> {
  return db
    .selectFrom('workspace_member')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

export async function pageOfMemberships(
  db: Db,
  workspaceId: string,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ rows: Membership[]; total: number }> {
  const all = db.selectFrom('workspace_member').where('workspace_id', '=', workspaceId);
  const rows = await all
    .selectAll()
    .orderBy('created_at_ms')
    .orderBy('id')
    .offset(offset)
    .limit(limit)
    .execute();
  const { total } = await all.select(sql<number>`COUNT(*)`.as('total')).executeTakeFirstOrThrow();
  return { rows, total: Number(total) };
}

/** The workspaces that somebody was added to; served by `workspace_member_of_user`. */
export function membershipsOf(db: Db, accountId: string, userId: string): Promise<Membership[]> {
  return db
    .selectFrom('workspace_member')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('user_id', '=', userId)
    .execute();
}

/** Adds somebody by hand, or refreshes their role; what groups gave them stays beside it. */
export async function joinWorkspace(
  trx: Trx,
  row: {
    readonly accountId: string;
    readonly workspaceId: string;
    readonly userId: string;
    readonly role: WorkspaceRole;
    readonly nowMs: number;
  },
): Promise<void> {
  await trx
    .insertInto('workspace_member')
    .values({
      ...{ id: newId(), workspace_id: row.workspaceId, account_id: row.accountId, user_id: row.userId },
      ...{ manual_role: row.role, scim_role: null, created_at_ms: row.nowMs },
    })
    .onConflict((conflict) =>
      conflict.columns(['workspace_id', 'user_id']).doUpdateSet({ manual_role: row.role }),
    )
    .execute();
}

/** What the identity provider's groups give; null: nothing any more, and whoever was added by hand stays. */
export async function setScimRole(
  trx: Trx,
  row: {
    readonly accountId: string;
    readonly workspaceId: string;
    readonly userId: string;
    readonly role: WorkspaceRole | null;
    readonly nowMs: number;
  },
): Promise<void> {
  const { workspaceId, userId, role } = row;
  if (role !== null) {
    await trx
      .insertInto('workspace_member')
      .values({
        ...{ id: newId(), workspace_id: workspaceId, account_id: row.accountId, user_id: userId },
        ...{ manual_role: null, scim_role: role, created_at_ms: row.nowMs },
      })
      .onConflict((conflict) =>
        conflict.columns(['workspace_id', 'user_id']).doUpdateSet({ scim_role: role }),
      )
      .execute();
    return;
  }
  const mine = { workspace_id: workspaceId, user_id: userId };
  await trx
    .deleteFrom('workspace_member')
    .where('workspace_id', '=', mine.workspace_id)
    .where('user_id', '=', mine.user_id)
    .where('manual_role', 'is', null)
    .execute();
  await trx
    .updateTable('workspace_member')
    .set({ scim_role: null })
    .where('workspace_id', '=', mine.workspace_id)
    .where('user_id', '=', mine.user_id)
    .execute();
}

export async function leaveWorkspace(
  trx: Trx,
  workspaceId: string,
  userIds: readonly string[],
): Promise<number> {
  const gone = await trx
    .deleteFrom('workspace_member')
    .where('workspace_id', '=', workspaceId)
    .where('user_id', 'in', userIds)
    .returning('id')
    .execute();
  return gone.length;
}

/** Whoever leaves the organisation leaves each of its workspaces. */
export async function leaveWorkspacesOf(trx: Trx, accountId: string, userId: string): Promise<void> {
  await trx
    .deleteFrom('workspace_member')
    .where('account_id', '=', accountId)
    .where('user_id', '=', userId)
    .execute();
}

export async function emptyWorkspace(trx: Trx, workspaceId: string): Promise<void> {
  await trx.deleteFrom('workspace_member').where('workspace_id', '=', workspaceId).execute();
}
