/** SQL that writes the outbox. */
import type { Db } from '../storage/database.ts';
import type { NotificationTable } from '../storage/notification-tables.ts';

/** False: it was told already. */
export async function insertNotification(db: Db, row: NotificationTable): Promise<boolean> {
  const inserted = await db
    .insertInto('notification')
    .values(row)
    .onConflict((conflict) => conflict.columns(['account_id', 'once_key']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function findLastOfKind(db: Db, accountId: string, kind: string) {
  const row = await db
    .selectFrom('notification')
    .select(['id', 'once_key'])
    .where('account_id', '=', accountId)
    .where('kind', '=', kind)
    .where('once_key', 'is not', null)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { id: row.id, onceKey: row.once_key ?? '' };
}

/** Null: the account has not said. */
export async function readLimitPercent(db: Db, accountId: string): Promise<number | null> {
  const row = await db
    .selectFrom('notification_setting')
    .select('key_limit_percent')
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row?.key_limit_percent ?? null;
}
