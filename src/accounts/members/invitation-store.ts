/** All SQL on `invitation`. A link is found by the hash of its token alone. */
import type { ExpressionBuilder } from 'kysely';
import type { Db, Trx } from '../../storage/database.ts';
import type { InvitationTable, Tables } from '../../storage/schema.ts';

export type InvitationRow = InvitationTable;

export async function insertInvitation(db: Db, row: InvitationRow): Promise<void> {
  await db.insertInto('invitation').values(row).execute();
}

export function findInvitation(db: Db, tokenHash: string): Promise<InvitationRow | undefined> {
  return db.selectFrom('invitation').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
}

/** Those that can still be used, newest first, the setup link not among them. Served by `invitation_account`. */
export function listOpenInvitations(db: Db, accountId: string, nowMs: number): Promise<InvitationRow[]> {
  return db
    .selectFrom('invitation')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('used_at_ms', 'is', null)
    .where((where) => where.not(isSetupLink(where)))
    .where('expires_at_ms', '>', nowMs)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** False: it is used or too old. PostgreSQL waits here for a twin that has not committed yet. */
export async function claimInvitation(
  trx: Trx,
  tokenHash: string,
  { userId, nowMs }: { userId: string; nowMs: number },
): Promise<boolean> {
  const claimed = await trx
    .updateTable('invitation')
    .set({ used_at_ms: nowMs, used_by_user_id: userId })
    .where('token_hash', '=', tokenHash)
    .where('used_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .returning('id')
    .executeTakeFirst();
  return claimed !== undefined;
}

/** False: this account has no such open invitation. */
export async function deleteOpenInvitation(db: Db, accountId: string, id: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('invitation')
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .where('used_at_ms', 'is', null)
    .where((where) => where.not(isSetupLink(where)))
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}

/** Those that are for an address, whoever made them. */
export async function deleteInvitationsFor(trx: Trx, accountId: string, email: string): Promise<void> {
  await trx
    .deleteFrom('invitation')
    .where('account_id', '=', accountId)
    .where('email', '=', email)
    .where('used_at_ms', 'is', null)
    .execute();
}

/** Invitations of somebody who may invite no more. */
export async function deleteInvitationsBy(trx: Trx, accountId: string, userId: string): Promise<void> {
  await trx
    .deleteFrom('invitation')
    .where('account_id', '=', accountId)
    .where('invited_by_user_id', '=', userId)
    .where('used_at_ms', 'is', null)
    .execute();
}

export async function deleteSetupLinks(trx: Trx, accountId: string): Promise<void> {
  await trx
    .deleteFrom('invitation')
    .where('account_id', '=', accountId)
    .where(isSetupLink)
    .where('used_at_ms', 'is', null)
    .execute();
}

/** For whoever reads the operator's screen; every other invitation names its sender or its receiver. */
function isSetupLink(where: ExpressionBuilder<Tables, 'invitation'>) {
  return where.and([
    where('invited_by_user_id', 'is', null),
    where('email', 'is', null),
    where('role', '=', 'owner'),
  ]);
}

/** For a job that runs now and then. */
export async function deleteInvitationsUntil(db: Db, expiredUntilMs: number): Promise<void> {
  await db.deleteFrom('invitation').where('expires_at_ms', '<=', expiredUntilMs).execute();
}
