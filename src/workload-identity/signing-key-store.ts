/** All SQL on `signing_key`. */
import type { Db } from '../storage/database.ts';
import type { SigningKeyTable } from '../storage/federation-tables.ts';

export type SigningKeyRow = SigningKeyTable;

/** In the order in which they sign; a handful at most. */
export function listSigningKeys(db: Db): Promise<SigningKeyRow[]> {
  return db.selectFrom('signing_key').selectAll().orderBy('turn').execute();
}

/** False: another node was first with this turn. PostgreSQL waits here for one that has not committed yet. */
export async function insertSigningKey(db: Db, row: SigningKeyRow): Promise<boolean> {
  const inserted = await db
    .insertInto('signing_key')
    .values(row)
    .onConflict((conflict) => conflict.column('turn').doNothing())
    .returning('turn')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function deleteSigningKeysUntil(db: Db, signedUntilMs: number): Promise<void> {
  await db.deleteFrom('signing_key').where('signs_until_ms', '<=', signedUntilMs).execute();
}
