/** SQL on what an organisation settles for itself: columns of its `account`, and `account_logo`. */
import type { AccountLogoTable } from '../storage/account-tables.ts';
import type { Db, Trx } from '../storage/database.ts';

export async function changeAccount(
  trx: Trx,
  accountId: string,
  changes: { readonly name: string; readonly time_zone: string },
): Promise<void> {
  await trx.updateTable('account').set(changes).where('id', '=', accountId).execute();
}

export function findLogo(db: Db, accountId: string): Promise<AccountLogoTable | undefined> {
  return db.selectFrom('account_logo').selectAll().where('account_id', '=', accountId).executeTakeFirst();
}

/** Which picture it is, without the picture. */
export async function findLogoHash(db: Db, accountId: string): Promise<string | null> {
  const row = await db
    .selectFrom('account_logo')
    .select('hash')
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row?.hash ?? null;
}

export async function putLogo(trx: Trx, row: AccountLogoTable): Promise<void> {
  const { hash, png, updated_at_ms } = row;
  await trx
    .insertInto('account_logo')
    .values(row)
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ hash, png, updated_at_ms }))
    .execute();
}

export async function deleteLogo(trx: Trx, accountId: string): Promise<void> {
  await trx.deleteFrom('account_logo').where('account_id', '=', accountId).execute();
}
