/** The people of an account: what they may do, and what ends with them when they go. */
import { recordAudit } from '../../audit/record.ts';
import { hasRole, type Session } from '../../auth/session.ts';
import type { Clock } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import { disableKeysMadeBy, findKeysMadeBy, rejudgeKeysMadeBy } from '../../keys/disable-keys.ts';
import type { Logger } from '../../log.ts';
import type { Database, Trx } from '../../storage/database.ts';
import type { Role } from '../../storage/schema.ts';
import { leaveWorkspacesOf } from '../../tenancy/tenants.ts';
import { deleteSessionsOf } from '../sessions/session-store.ts';
import { deleteInvitationsBy } from './invitation-store.ts';
import {
  deleteMember,
  findRole,
  listMembers,
  lockOwners,
  lockRole,
  type MemberRow,
  putMember,
} from './member-store.ts';

export interface MemberServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As for changes of keys: makes this process forget them. */
  readonly keyChanged: (hash: string) => Promise<void>;
}

/** Who asks: somebody signed in, or the operator, who may do everything. */
export type Asker = Pick<Session, 'role' | 'userId'> | 'operator';

export function membersOf(
  { database }: Pick<MemberServices, 'database'>,
  accountId: string,
): Promise<MemberRow[]> {
  return listMembers(database.db, accountId);
}

export async function isMember(
  { database }: Pick<MemberServices, 'database'>,
  accountId: string,
  userId: string,
): Promise<boolean> {
  return (await findRole(database.db, accountId, userId)) !== undefined;
}

/** Their role until this transaction has committed, whoever changes it or removes them meanwhile; undefined: no member. */
export async function staysMember(trx: Trx, accountId: string, userId: string): Promise<Role | undefined> {
  return await lockRole(trx, accountId, userId);
}

/** In force with the member's next request, for which the role is read, and with the next one of each key that they made. */
export async function changeRole(
  services: MemberServices,
  asker: Asker,
  member: { readonly accountId: string; readonly userId: string },
  role: Role,
): Promise<void> {
  const { database, clock, logger } = services;
  const { accountId, userId } = member;
  const { before, told } = await database.transaction(async (trx) => {
    const current = await mayTouch(trx, asker, member);
    mayGive(asker, role);
    if (current === role) return { before: current, told: [] };
    if (current === 'owner') await mustLeaveAnOwner(trx, accountId, userId);
    await putMember(trx, { accountId, userId, role, nowMs: clock.nowMs() });
    // What they could invite others to be, they may be less than now.
    if (!hasRole({ role }, current)) await deleteInvitationsBy(trx, accountId, userId);
    await recordAudit(trx, {
      ...{ action: 'member.role_changed', target: ['user', userId], accountId },
      ...{ before: { role: current }, after: { role }, nowMs: clock.nowMs() },
    });
    const made = { accountId, userIds: [userId] };
    return { before: current, told: await rejudgeKeysMadeBy(trx, made, clock.nowMs()) };
  });
  for (const hash of told) await services.keyChanged(hash);
  if (before !== role) logger.info('role_changed', { accountId, userId, before, role, by: nameOf(asker) });
}

/** Ends their sessions, disables the keys they made in this account and voids their invitations, all in one transaction. */
export async function removeMember(
  services: MemberServices,
  asker: Asker,
  member: { readonly accountId: string; readonly userId: string },
): Promise<void> {
  const { database, clock, logger } = services;
  const { accountId, userId } = member;
  const hashes = await database.transaction((trx) => removeMemberIn(trx, asker, member, clock.nowMs()));
  logger.info('member_removed', { accountId, userId, keysDisabled: hashes.length, by: nameOf(asker) });
  for (const hash of hashes) await services.keyChanged(hash);
}

/** As a part of something else, and its last. The hashes of the keys that were disabled, to be told after the commit. */
export async function removeMemberIn(
  trx: Trx,
  asker: Asker,
  member: { readonly accountId: string; readonly userId: string },
  nowMs: number,
): Promise<string[]> {
  const { accountId, userId } = member;
  const role = await mayTouch(trx, asker, member);
  if (role === 'owner') await mustLeaveAnOwner(trx, accountId, userId);
  await deleteMember(trx, accountId, userId);
  await leaveWorkspacesOf(trx, accountId, userId);
  await deleteInvitationsBy(trx, accountId, userId);
  await deleteSessionsOf(trx, userId, null);
  // Whatever else follows: the log of changes is written last, by the keys.
  const disabled = await findKeysMadeBy(trx, accountId, userId);
  await recordAudit(trx, {
    ...{ action: 'member.removed', target: ['user', userId], accountId },
    ...{ before: { role }, after: { keys_disabled: disabled }, nowMs },
  });
  return await disableKeysMadeBy(trx, { accountId, userId }, nowMs);
}

/** Only owners touch owners, and only owners make them. */
export function mayGive(asker: Pick<Session, 'role'> | 'operator', role: Role): void {
  if (asker !== 'operator' && role === 'owner' && !hasRole(asker, 'owner'))
    throw new TurnpikeError('role_required');
}

const nameOf = (asker: Asker): string => (asker === 'operator' ? asker : asker.userId);

async function mayTouch(
  trx: Trx,
  asker: Asker,
  { accountId, userId }: { accountId: string; userId: string },
): Promise<Role> {
  const role = await findRole(trx, accountId, userId);
  if (role === undefined) throw new TurnpikeError('not_found');
  mayGive(asker, role);
  return role;
}

async function mustLeaveAnOwner(trx: Trx, accountId: string, userId: string): Promise<void> {
  const owners = await lockOwners(trx, accountId);
  if (owners.some((owner) => owner !== userId)) return;
  throw new TurnpikeError('conflict', {
    message: 'An organisation needs an owner: make somebody else one first',
  });
}
