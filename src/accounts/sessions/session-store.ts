/** Our SQL on `session`, `user` and `sign_in_method`, which better-auth writes. Times are milliseconds out of here, whatever the engine. */
import type { Db } from '../../storage/database.ts';
import type { Role } from '../../storage/schema.ts';

export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly emailVerified: boolean;
  readonly twoFactorEnabled: boolean;
  readonly accountId: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number;
  readonly expiresAtMs: number;
}

const msOf = (stamp: string | Date): number => new Date(stamp).getTime();
const isSet = (flag: boolean | number | null): boolean => flag === true || flag === 1;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Undefined too for somebody who belongs to no account. One look-up by the unique token. */
export async function findSession(db: Db, token: string): Promise<SessionRow | undefined> {
  const row = await db
    .selectFrom('session')
    .innerJoin('user', 'user.id', 'session.user_id')
    .innerJoin('member', 'member.user_id', 'session.user_id')
    .select([
      'session.id',
      'session.user_id',
      'session.created_at',
      'session.updated_at',
      'session.expires_at',
    ])
    .select(['user.email', 'user.name', 'user.email_verified', 'user.email_claimed'])
    .select(['user.two_factor_enabled'])
    .select(['member.account_id', 'member.role'])
    .where('session.token', '=', token)
    .orderBy('member.created_at_ms')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    id: row.id,
    userId: row.user_id,
    email: row.email,
    name: row.name,
    emailVerified: isSet(row.email_verified) && row.email_claimed === 0,
    twoFactorEnabled: isSet(row.two_factor_enabled),
    accountId: row.account_id,
    role: row.role,
    createdAtMs: msOf(row.created_at),
    lastUsedAtMs: msOf(row.updated_at),
    expiresAtMs: msOf(row.expires_at),
  };
}

export async function touchSession(db: Db, sessionId: string, nowMs: number): Promise<void> {
  await db
    .updateTable('session')
    .set({ updated_at: iso(nowMs) })
    .where('id', '=', sessionId)
    .execute();
}

export interface ListedSession {
  readonly id: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number;
  readonly expiresAtMs: number;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/** Served by `session_of_user`. Never the token. */
export async function listSessions(db: Db, userId: string): Promise<ListedSession[]> {
  const rows = await db
    .selectFrom('session')
    .select(['id', 'created_at', 'updated_at', 'expires_at', 'ip_address', 'user_agent'])
    .where('user_id', '=', userId)
    .orderBy('updated_at', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    createdAtMs: msOf(row.created_at),
    lastUsedAtMs: msOf(row.updated_at),
    expiresAtMs: msOf(row.expires_at),
    ipAddress: row.ip_address === '' ? null : row.ip_address,
    userAgent: row.user_agent === '' ? null : row.user_agent,
  }));
}

/** False: this user has no such session. */
export async function deleteSession(db: Db, userId: string, sessionId: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('session')
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}

/** All of a user, but the one that may stay. */
export async function deleteSessionsOf(db: Db, userId: string, exceptId: string | null): Promise<void> {
  let query = db.deleteFrom('session').where('user_id', '=', userId);
  if (exceptId !== null) query = query.where('id', '!=', exceptId);
  await query.execute();
}

export interface SessionAges {
  readonly createdUntilMs: number;
  readonly usedUntilMs: number;
}

/** Those that are too old or too long unused: for a job that runs now and then. */
export async function deleteSessionsUntil(db: Db, ages: SessionAges): Promise<void> {
  await db
    .deleteFrom('session')
    .where((where) =>
      where.or([
        where('created_at', '<=', iso(ages.createdUntilMs)),
        where('updated_at', '<=', iso(ages.usedUntilMs)),
      ]),
    )
    .execute();
}
