/** SQL on `instance`, `account` and `workspace`: to whom a key belongs. */
import type { Insertable, Selectable } from 'kysely';
import type { AccountTable } from '../storage/account-tables.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { InstanceTable, WorkspaceTable } from '../storage/schema.ts';

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

export async function insertWorkspace(trx: Trx, row: WorkspaceTable): Promise<void> {
  await trx.insertInto('workspace').values(row).execute();
}

export type Account = Selectable<AccountTable>;

export function findAccount(db: Db, accountId: string): Promise<Account | undefined> {
  return db.selectFrom('account').selectAll().where('id', '=', accountId).executeTakeFirst();
}

/** Every account has one. */
export function findDefaultWorkspace(db: Db, accountId: string): Promise<WorkspaceTable | undefined> {
  return db
    .selectFrom('workspace')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('is_default', '=', 1)
    .executeTakeFirst();
}

export function findWorkspace(
  db: Db,
  accountId: string,
  workspaceId: string,
): Promise<WorkspaceTable | undefined> {
  return db
    .selectFrom('workspace')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', workspaceId)
    .executeTakeFirst();
}

/** By its id or its slug; an id goes first. */
export async function findWorkspaceByRef(
  db: Db,
  accountId: string,
  ref: string,
): Promise<WorkspaceTable | undefined> {
  return (
    (await findWorkspace(db, accountId, ref.toLowerCase())) ??
    (await db
      .selectFrom('workspace')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('slug', '=', ref)
      .executeTakeFirst())
  );
}

/** The default one first, then by age. */
export function listWorkspaces(db: Db, accountId: string): Promise<WorkspaceTable[]> {
  return db
    .selectFrom('workspace')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('is_default', 'desc')
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute();
}
