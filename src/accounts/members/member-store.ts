/** All SQL on `member`. */
import type { Db, Trx } from '../../storage/database.ts';
import type { Role } from '../../storage/schema.ts';

export interface MemberRow {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly twoFactorEnabled: boolean;
  readonly role: Role;
  readonly joinedAtMs: number;
}

export async function listMembers(db: Db, accountId: string): Promise<MemberRow[]> {
  const rows = await db
    .selectFrom('member')
    .innerJoin('user', 'user.id', 'member.user_id')
    .select(['member.user_id', 'member.role', 'member.created_at_ms'])
    .select(['user.name', 'user.email', 'user.two_factor_enabled'])
    .where('member.account_id', '=', accountId)
    .orderBy('member.created_at_ms')
    .orderBy('member.user_id')
    .execute();
  return rows.map((row) => ({
    userId: row.user_id,
    name: row.name,
    email: row.email,
    twoFactorEnabled: row.two_factor_enabled === true || row.two_factor_enabled === 1,
    role: row.role,
    joinedAtMs: row.created_at_ms,
  }));
}

/** One look-up by primary key. */
export async function findRole(db: Db, accountId: string, userId: string): Promise<Role | undefined> {
  const row = await db
    .selectFrom('member')
    .select('role')
    .where('account_id', '=', accountId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row?.role;
}

/** As `findRole`, and nobody takes or changes the membership until the commit. */
export async function lockRole(trx: Trx, accountId: string, userId: string): Promise<Role | undefined> {
  const row = await trx
    .updateTable('member')
    .set((member) => ({ role: member.ref('role') }))
    .where('account_id', '=', accountId)
    .where('user_id', '=', userId)
    .returning('role')
    .executeTakeFirst();
  return row?.role;
}

export async function belongsToAny(db: Db, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('member')
    .select('account_id')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Who is in already gets the role. */
export async function putMember(
  trx: Trx,
  row: { accountId: string; userId: string; role: Role; nowMs: number },
): Promise<void> {
  const { accountId: account_id, userId: user_id, role, nowMs: created_at_ms } = row;
  await trx
    .insertInto('member')
    .values({ account_id, user_id, role, created_at_ms })
    .onConflict((conflict) => conflict.columns(['account_id', 'user_id']).doUpdateSet({ role }))
    .execute();
}

export async function deleteMember(trx: Trx, accountId: string, userId: string): Promise<void> {
  await trx.deleteFrom('member').where('account_id', '=', accountId).where('user_id', '=', userId).execute();
}

export async function hasOwner(db: Db, accountId: string): Promise<boolean> {
  const row = await db
    .selectFrom('member')
    .select('user_id')
    .where('account_id', '=', accountId)
    .where('role', '=', 'owner')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * The owners, held until the commit: of two transactions that each take one away, the second sees what the first has left. As in
 * `lockRole`, the write changes nothing and locks the rows on both engines.
 */
export async function lockOwners(trx: Trx, accountId: string): Promise<string[]> {
  const rows = await trx
    .updateTable('member')
    .set({ role: 'owner' })
    .where('account_id', '=', accountId)
    .where('role', '=', 'owner')
    .returning('user_id')
    .execute();
  return rows.map((row) => row.user_id);
}
