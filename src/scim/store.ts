/** All SQL on what an identity provider told us: `scim_user`, `scim_group` with its members, mappings and jobs. By account first. */
import { sql } from 'kysely';
import type { Db, Trx } from '../storage/database.ts';
import type {
  ScimGroupMappingTable,
  ScimGroupTable,
  ScimSyncJobTable,
  ScimUserTable,
} from '../storage/scim-tables.ts';

export type UserRow = ScimUserTable;
export type GroupRow = ScimGroupTable;
export type MappingRow = ScimGroupMappingTable;
export type JobRow = ScimSyncJobTable;

const users = (db: Db, accountId: string) =>
  db.selectFrom('scim_user').where('account_id', '=', accountId).where('deleted_at_ms', 'is', null);

export function listUsers(db: Db, accountId: string): Promise<UserRow[]> {
  return users(db, accountId).selectAll().orderBy('created_at_ms').orderBy('id').execute();
}

export function findUser(db: Db, accountId: string, id: string): Promise<UserRow | undefined> {
  return users(db, accountId).selectAll().where('id', '=', id).executeTakeFirst();
}

/** Served by `scim_user_by_name`. */
export function findUserByName(db: Db, accountId: string, nameKey: string): Promise<UserRow | undefined> {
  return users(db, accountId).selectAll().where('user_name_key', '=', nameKey).executeTakeFirst();
}

/** Served by `scim_user_by_email`. */
export function findUserByEmail(db: Db, accountId: string, email: string): Promise<UserRow | undefined> {
  return users(db, accountId)
    .selectAll()
    .where('email', '=', email)
    .orderBy('is_active', 'desc')
    .executeTakeFirst();
}

export async function insertUser(trx: Trx, row: UserRow): Promise<void> {
  await trx.insertInto('scim_user').values(row).execute();
}

export async function updateUser(trx: Trx, id: string, changes: Partial<Omit<UserRow, 'id'>>): Promise<void> {
  await trx.updateTable('scim_user').set(changes).where('id', '=', id).execute();
}

const groups = (db: Db, accountId: string) =>
  db.selectFrom('scim_group').where('account_id', '=', accountId).where('deleted_at_ms', 'is', null);

export function listGroups(db: Db, accountId: string): Promise<GroupRow[]> {
  return groups(db, accountId).selectAll().orderBy('created_at_ms').orderBy('id').execute();
}

export function findGroup(db: Db, accountId: string, id: string): Promise<GroupRow | undefined> {
  return groups(db, accountId).selectAll().where('id', '=', id).executeTakeFirst();
}

/** As it stays until the commit. */
export function lockGroup(trx: Trx, accountId: string, id: string): Promise<GroupRow | undefined> {
  return trx
    .updateTable('scim_group')
    .set((column) => ({ display_name: column.ref('display_name') }))
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .where('deleted_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

export async function insertGroup(trx: Trx, row: GroupRow): Promise<void> {
  await trx.insertInto('scim_group').values(row).execute();
}

export async function updateGroup(
  trx: Trx,
  id: string,
  changes: Partial<Omit<GroupRow, 'id'>>,
): Promise<void> {
  await trx.updateTable('scim_group').set(changes).where('id', '=', id).execute();
}

/** Groups that were deleted are kept until a sync has taken away what they granted. How many went. */
export async function purgeDeletedGroups(trx: Trx, accountId: string): Promise<number> {
  const gone = await trx
    .selectFrom('scim_group')
    .select('id')
    .where('account_id', '=', accountId)
    .where('deleted_at_ms', 'is not', null)
    .execute();
  const ids = gone.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await trx.deleteFrom('scim_group_mapping').where('group_id', 'in', ids).execute();
  await trx.deleteFrom('scim_group_member').where('group_id', 'in', ids).execute();
  await trx.deleteFrom('scim_group').where('id', 'in', ids).execute();
  return ids.length;
}

export interface MemberOfGroup {
  readonly groupId: string;
  readonly scimUserId: string;
  readonly userName: string;
}

export async function membersOfGroups(db: Db, groupIds: readonly string[]): Promise<MemberOfGroup[]> {
  if (groupIds.length === 0) return [];
  const rows = await db
    .selectFrom('scim_group_member')
    .innerJoin('scim_user', 'scim_user.id', 'scim_group_member.scim_user_id')
    .select(['scim_group_member.group_id', 'scim_group_member.scim_user_id', 'scim_user.user_name'])
    .where('scim_group_member.group_id', 'in', groupIds)
    .where('scim_user.deleted_at_ms', 'is', null)
    .orderBy('scim_user.created_at_ms')
    .orderBy('scim_user.id')
    .execute();
  return rows.map((row) => ({
    groupId: row.group_id,
    scimUserId: row.scim_user_id,
    userName: row.user_name,
  }));
}

/** Those that are not deleted, of each user. */
export async function groupsOfUsers(
  db: Db,
  userIds: readonly string[],
): Promise<{ scimUserId: string; group: Pick<GroupRow, 'id' | 'display_name'> }[]> {
  if (userIds.length === 0) return [];
  const rows = await db
    .selectFrom('scim_group_member')
    .innerJoin('scim_group', 'scim_group.id', 'scim_group_member.group_id')
    .select(['scim_group_member.scim_user_id', 'scim_group.id', 'scim_group.display_name'])
    .where('scim_group_member.scim_user_id', 'in', userIds)
    .where('scim_group.deleted_at_ms', 'is', null)
    .orderBy('scim_group.created_at_ms')
    .execute();
  return rows.map((row) => ({
    scimUserId: row.scim_user_id,
    group: { id: row.id, display_name: row.display_name },
  }));
}

export async function setGroupMembers(trx: Trx, groupId: string, userIds: readonly string[]): Promise<void> {
  await trx.deleteFrom('scim_group_member').where('group_id', '=', groupId).execute();
  for (const scim_user_id of userIds)
    await trx.insertInto('scim_group_member').values({ group_id: groupId, scim_user_id }).execute();
}

export async function leaveGroups(trx: Trx, scimUserId: string): Promise<void> {
  await trx.deleteFrom('scim_group_member').where('scim_user_id', '=', scimUserId).execute();
}

export function listMappings(db: Db, accountId: string): Promise<MappingRow[]> {
  return db
    .selectFrom('scim_group_mapping')
    .innerJoin('scim_group', 'scim_group.id', 'scim_group_mapping.group_id')
    .innerJoin('workspace', 'workspace.id', 'scim_group_mapping.workspace_id')
    .selectAll('scim_group_mapping')
    .where('scim_group_mapping.account_id', '=', accountId)
    .where('scim_group.deleted_at_ms', 'is', null)
    .where('workspace.deleted_at_ms', 'is', null)
    .orderBy('scim_group_mapping.created_at_ms')
    .orderBy('scim_group_mapping.id')
    .execute();
}

export async function insertMapping(trx: Trx, row: MappingRow): Promise<boolean> {
  const inserted = await trx
    .insertInto('scim_group_mapping')
    .values(row)
    .onConflict((conflict) => conflict.columns(['group_id', 'workspace_id']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export function findMappingOf(db: Db, groupId: string, workspaceId: string): Promise<MappingRow | undefined> {
  return db
    .selectFrom('scim_group_mapping')
    .selectAll()
    .where('group_id', '=', groupId)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
}

export async function updateMapping(
  trx: Trx,
  id: string,
  role: MappingRow['role'],
  nowMs: number,
): Promise<void> {
  await trx
    .updateTable('scim_group_mapping')
    .set({ role, updated_at_ms: nowMs })
    .where('id', '=', id)
    .execute();
}

export async function deleteMapping(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('scim_group_mapping').where('id', '=', id).execute();
}

/** Of a workspace that goes. */
export async function deleteMappingsOf(trx: Trx, workspaceId: string): Promise<void> {
  await trx.deleteFrom('scim_group_mapping').where('workspace_id', '=', workspaceId).execute();
}

export function findJob(db: Db, accountId: string, id: string): Promise<JobRow | undefined> {
  return db
    .selectFrom('scim_sync_job')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst();
}

export function findOpenJob(db: Db, accountId: string): Promise<JobRow | undefined> {
  return db
    .selectFrom('scim_sync_job')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('status', 'in', ['queued', 'running'])
    .orderBy('created_at_ms', 'desc')
    .executeTakeFirst();
}

export async function insertJob(trx: Trx, row: JobRow): Promise<void> {
  await trx.insertInto('scim_sync_job').values(row).execute();
}

export async function updateJob(db: Db, id: string, changes: Partial<Omit<JobRow, 'id'>>): Promise<void> {
  await db.updateTable('scim_sync_job').set(changes).where('id', '=', id).execute();
}

export async function countUsers(db: Db, accountId: string): Promise<{ users: number; active: number }> {
  const { total, active } = await users(db, accountId)
    .select(sql<number>`COUNT(*)`.as('total'))
    .select(sql<number>`COALESCE(SUM(is_active), 0)`.as('active'))
    .executeTakeFirstOrThrow();
  return { users: Number(total), active: Number(active) };
}
