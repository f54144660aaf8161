/** Who works in a workspace: listed, added, removed, and given a role there. */
import { membersOf } from '../accounts/members/members.ts';
import { recordAudit } from '../audit/record.ts';
import { isoFromMs } from '../clock.ts';
import { invalidField, invalidRequest, TurnpikeError } from '../errors.ts';
import { derivedId } from '../ids.ts';
import { keysOfWorkspace, rejudgeKeysMadeBy } from '../keys/disable-keys.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import {
  findMembership,
  joinWorkspace,
  leaveWorkspace,
  lockWorkspace,
  type Membership,
  pageOfMemberships,
  type Workspace,
} from '../tenancy/tenants.ts';
import { roleOfMembership } from '../tenancy/workspace-rights.ts';
import type { PageWorkspaceMember, WorkspaceMember } from './answers.ts';

/** The namespace of memberships that have no row (RFC 9562, version 5): drawn once, and never changed. */
const IMPLICIT_MEMBERS = 'b4a4c6f2-0d57-4a0e-8c39-6f5f0a7c1e42';

import type { WorkspaceServices } from './workspaces.ts';

type Person = Awaited<ReturnType<typeof membersOf>>[number];

interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** In the order in which they came. Of the default workspace everybody in the organisation is one. */
export async function listMembersOf(
  services: WorkspaceServices,
  workspace: Workspace,
  { offset, limit }: Page,
): Promise<{ rows: { person: Person; membership: Membership | undefined }[]; total: number }> {
  const { db } = services.database;
  const people = await membersOf(services, workspace.account_id);
  if (workspace.is_default === 1) {
    const rows = people.slice(offset, offset + limit).map(async (person) => ({
      person,
      membership: await findMembership(db, workspace.id, person.userId),
    }));
    return { rows: await Promise.all(rows), total: people.length };
  }
  const { rows, total } = await pageOfMemberships(db, workspace.id, { offset, limit });
  const byId = new Map(people.map((person) => [person.userId, person]));
  return {
    rows: rows.flatMap((membership) => {
      const person = byId.get(membership.user_id);
      return person === undefined ? [] : [{ person, membership }];
    }),
    total,
  };
}

export function memberJson(
  { id: workspaceId }: Workspace,
  person: Person,
  membership: Membership | undefined,
): WorkspaceMember {
  return {
    id: membership?.id ?? derivedId(IMPLICIT_MEMBERS, `${workspaceId} ${person.userId}`),
    workspace_id: workspaceId,
    user_id: person.userId,
    role: person.role === 'member' ? (roleOfMembership(membership) ?? 'member') : 'admin',
    created_at: isoFromMs(membership?.created_at_ms ?? person.joinedAtMs),
  };
}

export function pageMemberJson(
  workspace: Workspace,
  person: Person,
  membership: Membership | undefined,
  ownUserId: string,
): PageWorkspaceMember {
  const isOfGroups = membership !== undefined && membership.manual_role === null;
  return {
    ...memberJson(workspace, person, membership),
    name: person.name,
    email: person.email,
    source: person.role !== 'member' ? 'organisation' : isOfGroups ? 'groups' : 'workspace',
    is_you: person.userId === ownUserId,
  };
}

/** With the role that each has in the organisation. 400, and nobody is added, where one of them is not in it. */
export async function addMembers(
  services: WorkspaceServices,
  workspace: Workspace,
  userIds: readonly string[],
): Promise<WorkspaceMember[]> {
  const { database, clock } = services;
  const accountId = workspace.account_id;
  const people = new Map((await membersOf(services, accountId)).map((person) => [person.userId, person]));
  if (userIds.some((userId) => !people.has(userId)))
    throw invalidField('user_ids', 'names somebody who is not a member of the organisation');
  const nowMs = clock.nowMs();
  const told = await database.transaction(async (trx) => {
    await mustStay(trx, workspace);
    for (const userId of userIds) {
      const role: WorkspaceRole = people.get(userId)?.role === 'member' ? 'member' : 'admin';
      await joinWorkspace(trx, { accountId, workspaceId: workspace.id, userId, role, nowMs });
    }
    await recordAudit(trx, {
      ...{ action: 'workspace.members_added', target: ['workspace', workspace.id], accountId, nowMs },
      after: { user_ids: userIds },
    });
    return await rejudgeKeysMadeBy(trx, { accountId, userIds }, nowMs);
  });
  for (const hash of told) await services.keyChanged(hash);
  return await Promise.all(
    userIds.map(async (userId) => {
      const person = people.get(userId);
      if (person === undefined) throw new TurnpikeError('internal', { detail: 'a member went missing' });
      return memberJson(workspace, person, await findMembership(database.db, workspace.id, userId));
    }),
  );
}

/** How many went. 400, and nobody goes, where one of them has keys that work here or is here by a group of the identity provider. */
export async function removeMembers(
  services: WorkspaceServices,
  workspace: Workspace,
  userIds: readonly string[],
): Promise<number> {
  if (workspace.is_default === 1)
    throw invalidRequest('Everybody in the organisation is a member of its default workspace');
  const accountId = workspace.account_id;
  const nowMs = services.clock.nowMs();
  const { count, told } = await services.database.transaction(async (trx) => {
    await mustStay(trx, workspace);
    await mustBeRemovable(trx, workspace, userIds, nowMs);
    const count = await leaveWorkspace(trx, workspace.id, userIds);
    if (count === 0) return { count, told: [] };
    await recordAudit(trx, {
      ...{ action: 'workspace.members_removed', target: ['workspace', workspace.id], accountId, nowMs },
      before: { user_ids: userIds },
    });
    return { count, told: await rejudgeKeysMadeBy(trx, { accountId, userIds }, nowMs) };
  });
  for (const hash of told) await services.keyChanged(hash);
  return count;
}

/** 404 for somebody who is no member, and 400 for whoever has their role from elsewhere. */
export async function changeMemberRole(
  services: WorkspaceServices,
  workspace: Workspace,
  userId: string,
  role: WorkspaceRole,
): Promise<void> {
  const accountId = workspace.account_id;
  const nowMs = services.clock.nowMs();
  const person = (await membersOf(services, accountId)).find((one) => one.userId === userId);
  if (person === undefined) throw new TurnpikeError('not_found');
  if (person.role !== 'member')
    throw invalidField('role', 'admins of the organisation are admins of every workspace');
  await services.database.transaction(async (trx) => {
    await mustStay(trx, workspace);
    const before = await findMembership(trx, workspace.id, userId);
    if (before === undefined && workspace.is_default === 0) throw new TurnpikeError('not_found');
    if (before?.scim_role === 'admin' && role === 'member')
      throw invalidField('role', 'is given by a group of the identity provider: change it there');
    await joinWorkspace(trx, { accountId, workspaceId: workspace.id, userId, role, nowMs });
    await recordAudit(trx, {
      ...{ action: 'workspace.member_role_changed', target: ['user', userId], accountId, nowMs },
      before: { workspace_id: workspace.id, role: roleOfMembership(before) },
      after: { workspace_id: workspace.id, role },
    });
  });
}

async function mustStay(trx: Trx, { account_id: accountId, id }: Workspace): Promise<void> {
  if ((await lockWorkspace(trx, accountId, id)) === undefined) throw new TurnpikeError('not_found');
}

async function mustBeRemovable(
  db: Db,
  { account_id: accountId, id }: Workspace,
  userIds: readonly string[],
  nowMs: number,
): Promise<void> {
  const keys = await keysOfWorkspace(db, accountId, id);
  const isActive = (key: (typeof keys)[number]) =>
    key.disabled === 0 && (key.expires_at_ms === null || key.expires_at_ms > nowMs);
  const busy = new Set(keys.filter(isActive).map((key) => key.creator_user_id));
  const withKeys = userIds.filter((userId) => busy.has(userId));
  if (withKeys.length > 0)
    throw invalidField('user_ids', `these have active API keys in the workspace: ${withKeys.join(', ')}`);
  const memberships = await Promise.all(userIds.map((userId) => findMembership(db, id, userId)));
  const managed = memberships.flatMap((row) => (row?.scim_role == null ? [] : [row.user_id]));
  if (managed.length > 0)
    throw invalidField(
      'user_ids',
      `these are members by a group of the identity provider, where they are to be removed: ${managed.join(', ')}`,
    );
}
