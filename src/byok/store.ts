/** All SQL on `byok_key`. By account first: a foreign id is simply not found. */
import { sql } from 'kysely';
import type { ByokKeyTable } from '../storage/byok-table.ts';
import type { Db, Trx } from '../storage/database.ts';

export type OwnKeyRow = ByokKeyTable;

export interface OwnKeyFilter {
  readonly accountId: string;
  /** Those of this workspace and those of all; null: whichever. */
  readonly workspaceId: string | null;
  /** Null: of any. */
  readonly provider: string | null;
  readonly offset: number;
  readonly limit: number;
}

const living = (db: Db, accountId: string) =>
  db.selectFrom('byok_key').where('account_id', '=', accountId).where('deleted_at_ms', 'is', null);

/** In the order in which they are tried. */
export async function listOwnKeys(
  db: Db,
  { accountId, workspaceId, provider, offset, limit }: OwnKeyFilter,
): Promise<{ rows: OwnKeyRow[]; total: number }> {
  let query = living(db, accountId);
  if (workspaceId !== null)
    query = query.where((where) =>
      where.or([where('workspace_id', 'is', null), where('workspace_id', '=', workspaceId)]),
    );
  if (provider !== null) query = query.where('provider', '=', provider);
  const rows = await query
    .selectAll()
    .orderBy('provider')
    .orderBy('is_fallback')
    .orderBy('sort_order')
    .orderBy('id')
    .offset(offset)
    .limit(limit)
    .execute();
  const counted = await query.select(sql<number>`COUNT(*)`.as('total')).executeTakeFirstOrThrow();
  return { rows, total: Number(counted.total) };
}

/** Every living one, for the memory of a process; null: of every account. */
export async function readOwnKeys(db: Db, accountId: string | null): Promise<OwnKeyRow[]> {
  const query = db.selectFrom('byok_key').selectAll().where('deleted_at_ms', 'is', null);
  const mine = accountId === null ? query : query.where('account_id', '=', accountId);
  return await mine.orderBy('is_fallback').orderBy('sort_order').orderBy('id').execute();
}

export function findOwnKey(db: Db, accountId: string, id: string): Promise<OwnKeyRow | undefined> {
  return living(db, accountId).selectAll().where('id', '=', id).executeTakeFirst();
}

/** Until the transaction ends nobody else changes it; on SQLite there is one writer anyway. */
export async function lockOwnKey(trx: Trx, accountId: string, id: string): Promise<OwnKeyRow | undefined> {
  const touched = await trx
    .updateTable('byok_key')
    .set((column) => ({ updated_at_ms: column.ref('updated_at_ms') }))
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .where('deleted_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return touched;
}

export async function insertOwnKey(trx: Trx, row: OwnKeyRow): Promise<void> {
  await trx.insertInto('byok_key').values(row).execute();
}

export async function updateOwnKey(
  trx: Trx,
  accountId: string,
  id: string,
  changes: Partial<OwnKeyRow>,
): Promise<OwnKeyRow> {
  return await trx
    .updateTable('byok_key')
    .set(changes)
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Behind all others of its provider. */
export async function nextSortOrder(trx: Trx, accountId: string, provider: string): Promise<number> {
  const { last } = await trx
    .selectFrom('byok_key')
    .select((of) => of.fn.max('sort_order').as('last'))
    .where('account_id', '=', accountId)
    .where('provider', '=', provider)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  return last === null || last === undefined ? 0 : Number(last) + 1;
}

/** How many an account has, deleted ones apart. */
export async function countOwnKeys(trx: Trx, accountId: string): Promise<number> {
  const { count } = await living(trx, accountId)
    .select(sql<number>`COUNT(*)`.as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Never back in time: several nodes write it. */
export async function noteUse(db: Db, id: string, atMs: number): Promise<void> {
  await db
    .updateTable('byok_key')
    .set({ last_used_at_ms: atMs })
    .where('id', '=', id)
    .where((where) => where.or([where('last_used_at_ms', 'is', null), where('last_used_at_ms', '<', atMs)]))
    .execute();
}

/** What they were sealed with is emptied, as when each is deleted. The account of each. */
export async function deleteOwnKeysOf(trx: Trx, workspaceId: string, nowMs: number): Promise<string[]> {
  const rows = await trx
    .updateTable('byok_key')
    .set({ deleted_at_ms: nowMs, updated_at_ms: nowMs, sealed_secret: '', sealed_data_key: '' })
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at_ms', 'is', null)
    .returning('account_id')
    .execute();
  return rows.map(({ account_id }) => account_id);
}
