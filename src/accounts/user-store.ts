/** Our SQL on `user` and `sign_in_method`, which better-auth writes. */
import type { Database, Db, Trx } from '../storage/database.ts';
import { PASSWORD_PROVIDER } from '../storage/schema.ts';

export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
}

export async function findUserByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  const row = await db
    .selectFrom('user')
    .select(['id', 'name', 'email', 'email_verified'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { email_verified, ...user } = row;
  return { ...user, emailVerified: email_verified === true || email_verified === 1 };
}

export async function findUserById(
  db: Db,
  userId: string,
): Promise<Pick<UserRow, 'id' | 'email'> | undefined> {
  return await db.selectFrom('user').select(['id', 'email']).where('id', '=', userId).executeTakeFirst();
}

/** Null: there is no such user. */
export async function findCreatedAtMs(db: Db, userId: string): Promise<number | null> {
  const row = await db.selectFrom('user').select('created_at').where('id', '=', userId).executeTakeFirst();
  return row === undefined ? null : new Date(row.created_at).getTime();
}

export async function hasPassword(db: Db, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('sign_in_method')
    .select('id')
    .where('user_id', '=', userId)
    .where('provider_id', '=', PASSWORD_PROVIDER)
    .executeTakeFirst();
  return row !== undefined;
}

export async function findPasswordHash(db: Db, userId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('sign_in_method')
    .select('password')
    .where('user_id', '=', userId)
    .where('provider_id', '=', PASSWORD_PROVIDER)
    .executeTakeFirst();
  return row?.password ?? undefined;
}

/**
 * For whoever has shown that the mailbox is theirs: what others have laid beside it is no way in any more, and no second factor keeps
 * them out.
 */
export async function claimEmail(database: Database, userId: string): Promise<void> {
  const email_verified = flag(database, true);
  await database.transaction(async (trx) => {
    await trx
      .deleteFrom('sign_in_method')
      .where('user_id', '=', userId)
      .where('provider_id', '<>', PASSWORD_PROVIDER)
      .execute();
    await trx.deleteFrom('passkey').where('user_id', '=', userId).execute();
    await trx.deleteFrom('two_factor').where('user_id', '=', userId).execute();
    const shown = { email_verified, email_claimed: 0, two_factor_enabled: flag(database, false) } as const;
    await trx.updateTable('user').set(shown).where('id', '=', userId).execute();
  });
}

/** Whatever waits for this user: links to set a password, and sign-ins that lack their second factor. */
export async function deleteVerificationsOf(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('verification').where('value', '=', userId).execute();
}

/** For somebody who has lost their device and the recovery codes with it. False: it was off. */
export async function deleteTwoFactor(
  database: Database,
  userId: string,
  onDeleted: (trx: Trx) => Promise<void>,
): Promise<boolean> {
  const two_factor_enabled = flag(database, false);
  return await database.transaction(async (trx) => {
    await trx.deleteFrom('two_factor').where('user_id', '=', userId).execute();
    const changed = await trx
      .updateTable('user')
      .set({ two_factor_enabled })
      .where('id', '=', userId)
      .where('two_factor_enabled', '=', flag(database, true))
      .returning('id')
      .executeTakeFirst();
    if (changed === undefined) return false;
    await onDeleted(trx);
    return true;
  });
}

/** With everything that is theirs: sessions, passwords, passkeys, memberships. */
export async function deleteUser(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('user').where('id', '=', userId).execute();
}

/**
 * Of those who signed up and never got in: a crash left them without a way to sign in, or nobody ever opened the mail. What they
 * leave behind would keep the address' true owner out. Who has kept nothing but a passkey is in.
 */
export async function deleteUnfinishedUsers(database: Database, createdUntilMs: number): Promise<void> {
  await database.db
    .deleteFrom('user')
    .where('created_at', '<=', new Date(createdUntilMs).toISOString())
    .where((where) =>
      where.or([
        where('email_verified', '=', flag(database, false)),
        where.and([
          where.not(
            where.exists(
              where
                .selectFrom('sign_in_method')
                .select('id')
                .whereRef('sign_in_method.user_id', '=', 'user.id'),
            ),
          ),
          where.not(
            where.exists(
              where.selectFrom('passkey').select('id').whereRef('passkey.user_id', '=', 'user.id'),
            ),
          ),
        ]),
      ]),
    )
    .execute();
}

function flag(database: Database, value: boolean): boolean | number {
  return database.engine === 'sqlite' ? Number(value) : value;
}

/** Who has shown that this address is theirs; null: nobody. By the unique address. */
export async function findProvenUser(db: Db, email: string): Promise<string | null> {
  const row = await db
    .selectFrom('user')
    .select(['id', 'email_verified', 'email_claimed'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst();
  if (row === undefined || row.email_claimed === 1) return null;
  return row.email_verified === true || row.email_verified === 1 ? row.id : null;
}
