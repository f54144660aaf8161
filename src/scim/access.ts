/**
 * What groups of the identity provider mean for access: the role that each person has in each mapped workspace, worked out anew
 * whenever a person, a group or a mapping changes. What somebody gave by hand stands beside it and is never touched.
 */
import { recordAudit } from '../audit/record.ts';
import { rejudgeKeysMadeBy } from '../keys/disable-keys.ts';
import type { Database, Trx } from '../storage/database.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import { joinWorkspace, lockAccount, membershipsOf, setScimRole } from '../tenancy/tenants.ts';
import { roleOfMembership } from '../tenancy/workspace-rights.ts';
import { groupsOfUsers, listMappings, type UserRow } from './store.ts';

/**
 * A transaction that begins when every other one of this kind in the organisation has ended. What a person may do is worked out of many
 * rows: of two at once, each would miss what the other changes, and write back what it had read.
 */
export function inTurn<T>(database: Database, accountId: string, work: (trx: Trx) => Promise<T>): Promise<T> {
  return database.transaction(async (trx) => {
    await lockAccount(trx, accountId);
    return await work(trx);
  });
}

/** The last of a transaction. The hashes of keys that are judged anew, to be told after the commit. */
export async function applyGroups(
  trx: Trx,
  accountId: string,
  people: readonly UserRow[],
  nowMs: number,
): Promise<string[]> {
  const mappings = await listMappings(trx, accountId);
  const memberships = await groupsOfUsers(
    trx,
    people.map(({ id }) => id),
  );
  const moved: string[] = [];
  for (const person of people) {
    const { user_id: userId } = person;
    if (userId === null) continue;
    const groups = new Set(
      memberships.filter(({ scimUserId }) => scimUserId === person.id).map(({ group }) => group.id),
    );
    const wanted = new Map<string, WorkspaceRole>();
    if (person.is_active === 1)
      for (const { group_id, workspace_id, role } of mappings)
        if (groups.has(group_id) && wanted.get(workspace_id) !== 'admin') wanted.set(workspace_id, role);
    if (await moveTo(trx, { accountId, userId, wanted, nowMs })) moved.push(userId);
  }
  return await rejudgeKeysMadeBy(trx, { accountId, userIds: moved }, nowMs);
}

/** Whether anything changed. */
async function moveTo(
  trx: Trx,
  to: {
    readonly accountId: string;
    readonly userId: string;
    readonly wanted: ReadonlyMap<string, WorkspaceRole>;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { accountId, userId, wanted, nowMs } = to;
  const present = new Map(
    (await membershipsOf(trx, accountId, userId)).map((row) => [row.workspace_id, row]),
  );
  let isMoved = false;
  for (const workspaceId of new Set([...present.keys(), ...wanted.keys()])) {
    const before = present.get(workspaceId);
    const role = wanted.get(workspaceId) ?? null;
    if ((before?.scim_role ?? null) === role) continue;
    isMoved = true;
    await setScimRole(trx, { accountId, workspaceId, userId, role, nowMs });
    const after = roleOfMembership({ manual_role: before?.manual_role ?? null, scim_role: role });
    await recordAudit(trx, {
      ...{ action: 'workspace.member_synced', target: ['user', userId], accountId, nowMs },
      before: {
        workspace_id: workspaceId,
        role: roleOfMembership(before),
        by_groups: before?.scim_role ?? null,
      },
      after: { workspace_id: workspaceId, role: after, by_groups: role },
    });
  }
  return isMoved;
}

/** What these have in a workspace by groups is theirs by hand from now on. */
export async function keepByHand(
  trx: Trx,
  { accountId, workspaceId }: { readonly accountId: string; readonly workspaceId: string },
  userIds: readonly string[],
  nowMs: number,
): Promise<void> {
  for (const userId of userIds) {
    const row = (await membershipsOf(trx, accountId, userId)).find((one) => one.workspace_id === workspaceId);
    const role = roleOfMembership(row);
    if (row?.scim_role != null && role !== null)
      await joinWorkspace(trx, { accountId, workspaceId, userId, role, nowMs });
  }
}
