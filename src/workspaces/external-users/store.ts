/** All SQL on `external_user`. By account first. */
import { sql } from 'kysely';
import type { Db, Trx } from '../../storage/database.ts';
import type { Bit } from '../../storage/schema.ts';
import type { ExternalUserTable } from '../../storage/workspace-tables.ts';

export type ExternalUserRow = ExternalUserTable;

export interface ExternalUserFilter {
  readonly accountId: string;
  /** Exactly this one; null: any. */
  readonly name: string | null;
  readonly includeInactive: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** By age. */
export async function listExternalUsers(
  db: Db,
  filter: ExternalUserFilter,
): Promise<{ rows: ExternalUserRow[]; total: number }> {
  let query = db.selectFrom('external_user').where('account_id', '=', filter.accountId);
  if (filter.name !== null) query = query.where('name', '=', filter.name);
  if (!filter.includeInactive) query = query.where('is_active', '=', 1);
  const rows = await query
    .selectAll()
    .orderBy('created_at_ms')
    .orderBy('name')
    .offset(filter.offset)
    .limit(filter.limit)
    .execute();
  const { total } = await query.select(sql<number>`COUNT(*)`.as('total')).executeTakeFirstOrThrow();
  return { rows, total: Number(total) };
}

export function findExternalUser(
  db: Db,
  accountId: string,
  name: string,
): Promise<ExternalUserRow | undefined> {
  return db
    .selectFrom('external_user')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .executeTakeFirst();
}

/** False: there is one of this name. */
export async function insertExternalUser(trx: Trx, row: ExternalUserRow): Promise<boolean> {
  const inserted = await trx
    .insertInto('external_user')
    .values(row)
    .onConflict((conflict) => conflict.columns(['account_id', 'name']).doNothing())
    .returning('name')
    .executeTakeFirst();
  return inserted !== undefined;
}

export function setActive(
  trx: Trx,
  { accountId, name }: { readonly accountId: string; readonly name: string },
  isActive: Bit,
  nowMs: number,
): Promise<ExternalUserRow | undefined> {
  return trx
    .updateTable('external_user')
    .set({ is_active: isActive, updated_at_ms: nowMs })
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirst();
}
