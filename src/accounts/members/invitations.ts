/** Ways into an account: the setup link, which makes its first owner, and invitations. Each is a link that works once. */
import { type Change, recordAudit } from '../../audit/record.ts';
import type { Session } from '../../auth/session.ts';
import { hasRole } from '../../auth/session.ts';
import type { Clock } from '../../clock.ts';
import { invalidField, TurnpikeError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import type { Logger } from '../../log.ts';
import { arrived } from '../../scim/arrival.ts';
import type { Database, Trx } from '../../storage/database.ts';
import type { Role } from '../../storage/schema.ts';
import type { WorkspaceRole } from '../../storage/workspace-tables.ts';
import { joinWorkspace, lockAccount, lockWorkspace } from '../../tenancy/tenants.ts';
import { keyedHash } from '../../vault/seal.ts';
import {
  claimInvitation,
  deleteInvitationsUntil,
  deleteOpenInvitation,
  deleteSetupLinks,
  findInvitation,
  type InvitationRow,
  insertInvitation,
  listOpenInvitations,
} from './invitation-store.ts';
import { findRole, hasOwner, lockRole, putMember } from './member-store.ts';
import { mayGive } from './members.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SETUP_LINK_LIFE_MS = DAY_MS;
const INVITATION_LIFE_MS = 7 * DAY_MS;
const TOKEN_BYTES = 32;

export interface InvitationServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  readonly publicUrl: string;
  readonly logger: Logger;
}

export interface Sent {
  readonly row: InvitationRow;
  /** Holds the token, which is stored as its hash: shown or mailed once. */
  readonly link: string;
}

export interface Wish {
  readonly accountId: string;
  /** Null: whoever has the link. */
  readonly email: string | null;
  readonly role: Role;
  /** Null: the operator, on the command line. */
  readonly invitedByUserId: string | null;
  /** Whether the link goes to the mailbox that it names, and nobody else sees it; absent: no. */
  readonly isMailed?: boolean;
  /** One that they join beside the organisation; absent: none. */
  readonly workspace?: { readonly id: string; readonly role: WorkspaceRole };
}

export const isSetup = (row: InvitationRow): boolean =>
  row.role === 'owner' && row.email === null && row.invited_by_user_id === null;

/**
 * Whether the link itself shows whose address the user has: it was sent there, or the operator vouches for it. One that an admin was
 * shown does not: the admin could sign up with it under anybody's address.
 */
export const vouchesForEmail = (row: InvitationRow): boolean =>
  isSetup(row) || (row.email !== null && (row.is_mailed === 1 || row.invited_by_user_id === null));

/** Whoever is removed or made less at this moment leaves no invitation behind: it is refused here, or their end voids it. */
export async function createInvitation(services: InvitationServices, wish: Wish): Promise<Sent> {
  const sent = await services.database.transaction(async (trx) => {
    await mayInvite(trx, wish);
    const { workspace } = wish;
    if (workspace !== undefined && (await lockWorkspace(trx, wish.accountId, workspace.id)) === undefined)
      throw invalidField('workspace_id', 'names no workspace');
    const made = await insertLink(services, wish, INVITATION_LIFE_MS, trx);
    await recordAudit(trx, madeOf(made.row));
    return made;
  });
  const { accountId, role, invitedByUserId } = wish;
  const by = invitedByUserId ?? 'operator';
  services.logger.info('invitation_made', { accountId, invitationId: sent.row.id, role, by });
  return sent;
}

/** The address that it is for is what it is about; the token is not. */
function madeOf(row: InvitationRow): Change {
  const { id, account_id: accountId, role, email, created_at_ms: nowMs, workspace_id } = row;
  return {
    action: 'invitation.created',
    target: ['invitation', id],
    accountId,
    after: { role, email, ...(workspace_id === null ? {} : { workspace_id }) },
    nowMs,
  };
}

async function mayInvite(trx: Trx, { accountId, invitedByUserId, role }: Wish): Promise<void> {
  if (invitedByUserId === null) return;
  const own = await lockRole(trx, accountId, invitedByUserId);
  if (own === undefined || !hasRole({ role: own }, 'admin')) throw new TurnpikeError('role_required');
  mayGive({ role: own }, role);
}

/** Null: there is an owner already. Links of earlier starts are void from here on. */
export async function createSetupLink(
  services: InvitationServices,
  accountId: string,
): Promise<string | null> {
  if (await hasOwner(services.database.db, accountId)) return null;
  const wish: Wish = { accountId, email: null, role: 'owner', invitedByUserId: null };
  const sent = await services.database.transaction(async (trx) => {
    await deleteSetupLinks(trx, accountId);
    const made = await insertLink(services, wish, SETUP_LINK_LIFE_MS, trx);
    await recordAudit(trx, madeOf(made.row));
    return made;
  });
  return sent.link;
}

async function insertLink(
  { clock, masterKey, publicUrl }: InvitationServices,
  wish: Wish,
  lifeMs: number,
  db: Parameters<typeof insertInvitation>[0],
): Promise<Sent> {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString('base64url');
  const nowMs = clock.nowMs();
  const row: InvitationRow = {
    id: newId(),
    token_hash: hashOf(masterKey, token),
    account_id: wish.accountId,
    email: wish.email?.toLowerCase() ?? null,
    role: wish.role,
    invited_by_user_id: wish.invitedByUserId,
    created_at_ms: nowMs,
    expires_at_ms: nowMs + lifeMs,
    used_at_ms: null,
    used_by_user_id: null,
    is_mailed: wish.isMailed === true ? 1 : 0,
    workspace_id: wish.workspace?.id ?? null,
    workspace_role: wish.workspace?.role ?? null,
  };
  await insertInvitation(db, row);
  const page = isSetup(row) ? 'setup' : 'sign-up';
  return { row, link: `${publicUrl}/${page}?token=${token}` };
}

/** Null: unknown, used or too old, which nobody is told apart. */
export async function findUsable(services: InvitationServices, token: string): Promise<InvitationRow | null> {
  const row = await findInvitation(services.database.db, hashOf(services.masterKey, token));
  if (row === undefined || row.used_at_ms !== null || row.expires_at_ms <= services.clock.nowMs())
    return null;
  // Made before somebody became owner in another way: a way in for nobody any more.
  if (isSetup(row) && (await hasOwner(services.database.db, row.account_id))) return null;
  return row;
}

/** Makes the user a member with the invitation's role, never with less than they have. False: somebody else was first. */
export async function redeemInvitation(
  { clock }: Pick<InvitationServices, 'clock'>,
  trx: Trx,
  invitation: InvitationRow,
  userId: string,
): Promise<boolean> {
  const nowMs = clock.nowMs();
  if (!(await claimInvitation(trx, invitation.token_hash, { userId, nowMs }))) return false;
  const { account_id: accountId, email } = invitation;
  // The link went to this very mailbox, so that whoever brings it is the one whom the identity provider means.
  const isVouchedFor = email !== null && vouchesForEmail(invitation);
  // Before the workspace: whoever maps groups to it locks them in this order, and each would else wait for the other.
  if (isVouchedFor) await lockAccount(trx, accountId);
  const role = await findRole(trx, accountId, userId);
  const isRaised = role === undefined || !hasRole({ role }, invitation.role);
  if (isRaised) await putMember(trx, { accountId, userId, role: invitation.role, nowMs });
  const { workspace_id: workspaceId, workspace_role: workspaceRole } = invitation;
  // It may have been deleted meanwhile: whoever was invited joins the organisation all the same.
  if (workspaceId !== null && (await lockWorkspace(trx, accountId, workspaceId)) !== undefined)
    await joinWorkspace(trx, { accountId, workspaceId, userId, role: workspaceRole ?? 'member', nowMs });
  await recordAudit(trx, {
    ...{ action: 'member.joined', target: ['user', userId], accountId, nowMs },
    ...(role === undefined ? {} : { before: { role } }),
    after: {
      ...{ role: isRaised ? invitation.role : role, invitation_id: invitation.id },
      ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
    },
  });
  if (isVouchedFor) await arrived(trx, { accountId, userId, email }, nowMs);
  return true;
}

/** Somebody who is signed in joins. 404 as for an unknown link where it is used, or names another address. */
export async function acceptInvitation(
  services: InvitationServices,
  session: Pick<Session, 'userId' | 'email'>,
  token: string,
): Promise<InvitationRow> {
  const invitation = await findUsable(services, token);
  if (invitation === null) throw unknownLink();
  mustBeFor(invitation, session.email);
  const joined = await services.database.transaction((trx) =>
    redeemInvitation(services, trx, invitation, session.userId),
  );
  if (!joined) throw unknownLink();
  noteJoined(services, session.userId, invitation);
  return invitation;
}

/** To be called once it is committed. */
export function noteJoined(
  { logger }: Pick<InvitationServices, 'logger'>,
  userId: string,
  {
    account_id: accountId,
    id: invitationId,
  }: Pick<InvitationRow, 'account_id'> & { readonly id: string | null },
): void {
  logger.info('member_joined', { accountId, userId, invitationId });
}

export function mustBeFor(invitation: InvitationRow, email: string): void {
  if (invitation.email === null || invitation.email === email.toLowerCase()) return;
  throw new TurnpikeError('permission_denied', {
    message: 'This invitation is for another e-mail address',
    metadata: { reason: 'invitation_for_other_email' },
  });
}

export function unknownLink(): TurnpikeError {
  return new TurnpikeError('not_found', {
    message: 'This link does not work: it was used, is too old, or was taken back. Ask for a new one',
  });
}

export function openInvitations(services: InvitationServices, accountId: string): Promise<InvitationRow[]> {
  return listOpenInvitations(services.database.db, accountId, services.clock.nowMs());
}

export async function revokeInvitation(
  services: InvitationServices,
  { accountId, userId: by }: Pick<Session, 'accountId' | 'userId'>,
  id: string,
): Promise<void> {
  await services.database.transaction(async (trx) => {
    if (!(await deleteOpenInvitation(trx, accountId, id))) throw new TurnpikeError('not_found');
    const nowMs = services.clock.nowMs();
    await recordAudit(trx, { action: 'invitation.revoked', target: ['invitation', id], accountId, nowMs });
  });
  services.logger.info('invitation_revoked', { accountId, invitationId: id, by });
}

/** For a job that runs now and then. Used ones are kept as long, so that their links are known for what they are. */
export async function forgetOldInvitations(services: InvitationServices): Promise<void> {
  await deleteInvitationsUntil(services.database.db, services.clock.nowMs() - INVITATION_LIFE_MS);
}

function hashOf(masterKey: Uint8Array, token: string): string {
  return keyedHash(masterKey, 'invitation', token);
}
