/** SQL on `instance`, `account` and `workspace`: to whom a key belongs. */
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { AccountTable } from '../storage/account-tables.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { InstanceTable } from '../storage/schema.ts';
import type { WorkspaceTable } from '../storage/workspace-tables.ts';

export function findInstance(db: Db): Promise<InstanceTable | undefined> {
  return db.selectFrom('instance').selectAll().where('id', '=', 1).executeTakeFirst();
}

/** False: another process was first. PostgreSQL waits here until that one has committed or given up. */
export async function insertInstance(trx: Trx, row: InstanceTable): Promise<boolean> {
  const inserted = await trx
    .insertInto('instance')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function insertAccount(trx: Trx, row: Insertable<AccountTable>): Promise<void> {
  await trx.insertInto('account').values(row).execute();
}

export type Account = Selectable<AccountTable>;
export type Workspace = Selectable<WorkspaceTable>;

export function findAccount(db: Db, accountId: string): Promise<Account | undefined> {
  return db.selectFrom('account').selectAll().where('id', '=', accountId).executeTakeFirst();
}

export async function updateAccount(
  trx: Trx,
  accountId: string,
  changes: Updateable<AccountTable>,
): Promise<void> {
  await trx.updateTable('account').set(changes).where('id', '=', accountId).execute();
}

/** As it stays until the commit, whoever changes it meanwhile. */
export function lockAccount(trx: Trx, accountId: string): Promise<Account | undefined> {
  return trx
    .updateTable('account')
    .set((column) => ({ name: column.ref('name') }))
    .where('id', '=', accountId)
    .returningAll()
    .executeTakeFirst();
}

/** False: the account has one of this slug. PostgreSQL waits here for a twin that has not committed yet. */
export async function insertWorkspace(trx: Trx, row: Insertable<WorkspaceTable>): Promise<boolean> {
  const inserted = await trx
    .insertInto('workspace')
    .values(row)
    .onConflict((conflict) => conflict.columns(['account_id', 'slug']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

const living = (db: Db, accountId: string) =>
  db.selectFrom('workspace').where('account_id', '=', accountId).where('deleted_at_ms', 'is', null);

/** Undefined once it was deleted. */
export function findDefaultWorkspace(db: Db, accountId: string): Promise<Workspace | undefined> {
  return living(db, accountId).selectAll().where('is_default', '=', 1).executeTakeFirst();
}

export function findWorkspace(
  db: Db,
  accountId: string,
  workspaceId: string,
): Promise<Workspace | undefined> {
  return living(db, accountId).selectAll().where('id', '=', workspaceId).executeTakeFirst();
}

export function findWorkspaceBySlug(db: Db, accountId: string, slug: string): Promise<Workspace | undefined> {
  return living(db, accountId).selectAll().where('slug', '=', slug).executeTakeFirst();
}

/** By its id, which comes first, or its slug; another account's is none. */
export async function findWorkspaceByRef(
  db: Db,
  accountId: string,
  ref: string,
): Promise<Workspace | undefined> {
  return (
    (await findWorkspace(db, accountId, ref.toLowerCase())) ?? (await findWorkspaceBySlug(db, accountId, ref))
  );
}

/** As it stays until the commit, whoever changes or deletes it meanwhile. */
export function lockWorkspace(
  trx: Trx,
  accountId: string,
  workspaceId: string,
): Promise<Workspace | undefined> {
  return trx
    .updateTable('workspace')
    .set((column) => ({ name: column.ref('name') }))
    .where('account_id', '=', accountId)
    .where('id', '=', workspaceId)
    .where('deleted_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

export function updateWorkspace(
  trx: Trx,
  accountId: string,
  workspaceId: string,
  changes: Updateable<WorkspaceTable>,
): Promise<Workspace> {
  return trx
    .updateTable('workspace')
    .set(changes)
    .where('account_id', '=', accountId)
    .where('id', '=', workspaceId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The default one first, then by age. */
export function listWorkspaces(db: Db, accountId: string): Promise<Workspace[]> {
  return inOrder(living(db, accountId).selectAll()).execute();
}

export async function pageOfWorkspaces(
  db: Db,
  accountId: string,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ rows: Workspace[]; total: number }> {
  const rows = await inOrder(living(db, accountId).selectAll()).offset(offset).limit(limit).execute();
  const { total } = await living(db, accountId)
    .select(sql<number>`COUNT(*)`.as('total'))
    .executeTakeFirstOrThrow();
  return { rows, total: Number(total) };
}

function inOrder<Q extends { orderBy(column: 'is_default' | 'created_at_ms' | 'id', way?: 'desc'): Q }>(
  query: Q,
): Q {
  return query.orderBy('is_default', 'desc').orderBy('created_at_ms').orderBy('id');
}
