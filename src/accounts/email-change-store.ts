/** All SQL on `email_change`, and what a changed address changes of what better-auth writes. A link is found by the hash of its token. */
import type { Database, Db, Trx } from '../storage/database.ts';
import type { EmailChangeTable } from '../storage/schema.ts';

export async function putEmailChange(db: Db, row: EmailChangeTable): Promise<void> {
  const { user_id: _, ...rest } = row;
  await db
    .insertInto('email_change')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(rest))
    .execute();
}

interface Link {
  readonly userId: string;
  readonly tokenHash: string;
  readonly nowMs: number;
}

/** The new address; undefined: this user has no such link, or it is too old. */
export async function findEmailChange(
  db: Db,
  { userId, tokenHash, nowMs }: Link,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('email_change')
    .select('email')
    .where('user_id', '=', userId)
    .where('token_hash', '=', tokenHash)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  return row?.email;
}

/** As `findEmailChange`, and never again. */
export async function claimEmailChange(
  trx: Trx,
  { userId, tokenHash, nowMs }: Link,
): Promise<string | undefined> {
  const row = await trx
    .deleteFrom('email_change')
    .where('user_id', '=', userId)
    .where('token_hash', '=', tokenHash)
    .where('expires_at_ms', '>', nowMs)
    .returning('email')
    .executeTakeFirst();
  return row?.email;
}

/** Breaks the uniqueness of addresses where somebody else has this one. */
export async function setVerifiedEmail(
  { engine }: Pick<Database, 'engine'>,
  trx: Trx,
  { userId, email, nowMs }: { userId: string; email: string; nowMs: number },
): Promise<void> {
  const email_verified = engine === 'sqlite' ? 1 : true;
  await trx
    .updateTable('user')
    .set({ email, email_verified, email_claimed: 0, updated_at: new Date(nowMs).toISOString() })
    .where('id', '=', userId)
    .execute();
}

export async function deleteEmailChangeOf(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('email_change').where('user_id', '=', userId).execute();
}

/** For a job that runs now and then. */
export async function deleteEmailChangesUntil(db: Db, expiredUntilMs: number): Promise<void> {
  await db.deleteFrom('email_change').where('expires_at_ms', '<=', expiredUntilMs).execute();
}
