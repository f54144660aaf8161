/** All SQL on `federation_exchange`: which subject tokens were exchanged already. */
import type { Db } from '../storage/database.ts';
import type { FederationExchangeTable } from '../storage/federation-tables.ts';

/** False: somebody exchanged it before. Of two at the same time, on any node, the primary key lets one through. */
export async function insertExchange(db: Db, row: FederationExchangeTable): Promise<boolean> {
  const inserted = await db
    .insertInto('federation_exchange')
    .values(row)
    .onConflict((conflict) => conflict.columns(['policy_id', 'token_hash']).doNothing())
    .returning('policy_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Served by `federation_exchange_age`. */
export async function deleteExchangesUntil(db: Db, expiredUntilMs: number): Promise<void> {
  await db.deleteFrom('federation_exchange').where('expires_at_ms', '<=', expiredUntilMs).execute();
}
