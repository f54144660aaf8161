/** Which groups give which role in which workspace, and jobs that work all of it out anew: OpenRouter's operations on them. */
import { recordAudit } from '../audit/record.ts';
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Trx } from '../storage/database.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import { lockWorkspace } from '../tenancy/tenants.ts';
import { applyGroups, inTurn, keepByHand } from './access.ts';
import { type ScimServices, usersAmong } from './provisioning.ts';
import {
  deleteMapping,
  findMappingOf,
  findOpenJob,
  insertJob,
  insertMapping,
  type JobRow,
  listGroups,
  listMappings,
  listUsers,
  lockGroup,
  type MappingRow,
  membersOfGroups,
  purgeDeletedGroups,
  type UserRow,
  updateJob,
  updateMapping,
  updateUser,
} from './store.ts';

/** One that a process has not finished by then was interrupted. */
const JOB_LIFE_MS = 10 * 60_000;

export interface MappingWish {
  readonly groupId: string;
  readonly workspaceId: string;
  readonly role: WorkspaceRole;
}

/** The same once more is no error, and applies it again; 409 for another role, 404 for an unknown group or workspace. */
export async function createMapping(
  services: ScimServices,
  accountId: string,
  { groupId, workspaceId, role }: MappingWish,
): Promise<MappingRow> {
  const nowMs = services.clock.nowMs();
  const { row, hashes } = await inTurn(services.database, accountId, async (trx) => {
    const workspace = await lockWorkspace(trx, accountId, workspaceId);
    if (workspace === undefined || (await lockGroup(trx, accountId, groupId)) === undefined)
      throw new TurnpikeError('not_found');
    const wanted: MappingRow = {
      ...{ id: newId(), account_id: accountId, group_id: groupId, workspace_id: workspaceId, role },
      ...{ created_at_ms: nowMs, updated_at_ms: nowMs },
    };
    const isNew = await insertMapping(trx, wanted);
    const row = isNew ? wanted : await findMappingOf(trx, groupId, workspaceId);
    if (row === undefined) throw new TurnpikeError('conflict');
    if (row.role !== role)
      throw new TurnpikeError('conflict', {
        message: 'This group has another role in this workspace already: change that mapping',
      });
    if (isNew)
      await recordAudit(trx, {
        ...{ action: 'scim_mapping.created', target: ['scim_mapping', row.id], accountId, nowMs },
        after: mappingFacts(row),
      });
    return { row, hashes: await applyToGroup(trx, row, nowMs) };
  });
  for (const hash of hashes) await services.keyChanged(hash);
  return row;
}

export async function changeMapping(
  services: ScimServices,
  accountId: string,
  id: string,
  role: WorkspaceRole,
): Promise<MappingRow> {
  const nowMs = services.clock.nowMs();
  const { row, hashes } = await inTurn(services.database, accountId, async (trx) => {
    const before = await mustFindMapping(trx, accountId, id);
    const row = { ...before, role, updated_at_ms: nowMs };
    await updateMapping(trx, id, role, nowMs);
    await recordAudit(trx, {
      ...{ action: 'scim_mapping.changed', target: ['scim_mapping', id], accountId, nowMs },
      ...{ before: mappingFacts(before), after: mappingFacts(row) },
    });
    return { row, hashes: await applyToGroup(trx, row, nowMs) };
  });
  for (const hash of hashes) await services.keyChanged(hash);
  return row;
}

/** `keepMembers`: whoever is in by it stays, by hand and with the role that they have. */
export async function removeMapping(
  services: ScimServices,
  accountId: string,
  id: string,
  keepMembers: boolean,
): Promise<void> {
  const nowMs = services.clock.nowMs();
  const hashes = await inTurn(services.database, accountId, async (trx) => {
    const row = await mustFindMapping(trx, accountId, id);
    const people = await peopleOf(trx, row);
    if (keepMembers) {
      const userIds = people.flatMap(({ user_id }) => (user_id === null ? [] : [user_id]));
      await keepByHand(trx, { accountId, workspaceId: row.workspace_id }, userIds, nowMs);
    }
    await deleteMapping(trx, id);
    await recordAudit(trx, {
      ...{ action: 'scim_mapping.deleted', target: ['scim_mapping', id], accountId, nowMs },
      before: { ...mappingFacts(row), keep_members: keepMembers },
    });
    return await applyGroups(trx, accountId, people, nowMs);
  });
  for (const hash of hashes) await services.keyChanged(hash);
}

async function peopleOf(trx: Trx, { account_id: accountId, group_id: groupId }: MappingRow) {
  const members = await membersOfGroups(trx, [groupId]);
  return await usersAmong(
    trx,
    accountId,
    members.map(({ scimUserId }) => scimUserId),
  );
}

async function applyToGroup(trx: Trx, row: MappingRow, nowMs: number): Promise<string[]> {
  return await applyGroups(trx, row.account_id, await peopleOf(trx, row), nowMs);
}

export async function mustFindMapping(
  db: Parameters<typeof listMappings>[0],
  accountId: string,
  id: string,
): Promise<MappingRow> {
  const found = (await listMappings(db, accountId)).find((row) => row.id === id.toLowerCase());
  if (found === undefined) throw new TurnpikeError('not_found');
  return found;
}

/** The job that runs already, or a new one, which runs behind the caller's back; the promise ends with it and never fails. */
export async function startSync(
  services: ScimServices,
  accountId: string,
): Promise<{ readonly job: JobRow; readonly done: Promise<void> }> {
  const { database, clock } = services;
  const nowMs = clock.nowMs();
  const { job, isNew } = await inTurn(database, accountId, async (trx) => {
    const open = await findOpenJob(trx, accountId);
    if (open !== undefined && nowMs - open.created_at_ms < JOB_LIFE_MS) return { job: open, isNew: false };
    if (open !== undefined)
      await updateJob(trx, open.id, {
        ...{
          status: 'failed',
          finished_at_ms: nowMs,
          error_message: 'The gateway stopped before it was done',
        },
      });
    const job: JobRow = {
      ...{ id: newId(), account_id: accountId, status: 'queued', created_at_ms: nowMs },
      ...{ started_at_ms: null, finished_at_ms: null, synced_groups: null, deleted_groups: null },
      error_message: null,
    };
    await insertJob(trx, job);
    await recordAudit(trx, {
      ...{ action: 'scim_sync.started', target: ['scim_sync_job', job.id], accountId, nowMs },
    });
    return { job, isNew: true };
  });
  return { job, done: isNew ? run(services, accountId, job.id) : Promise.resolve() };
}

async function run(services: ScimServices, accountId: string, jobId: string): Promise<void> {
  const { database, clock } = services;
  try {
    await updateJob(database.db, jobId, { status: 'running', started_at_ms: clock.nowMs() });
    const { hashes, synced, deleted } = await inTurn(database, accountId, async (trx) => {
      const deleted = await purgeDeletedGroups(trx, accountId);
      const synced = (await listGroups(trx, accountId)).length;
      const people = await linked(services, trx, await listUsers(trx, accountId));
      const hashes = await applyGroups(trx, accountId, people, clock.nowMs());
      return { hashes, synced, deleted };
    });
    for (const hash of hashes) await services.keyChanged(hash);
    await updateJob(database.db, jobId, {
      ...{
        status: 'succeeded',
        finished_at_ms: clock.nowMs(),
        synced_groups: synced,
        deleted_groups: deleted,
      },
    });
  } catch {
    const failed = { finished_at_ms: clock.nowMs(), error_message: 'The groups could not be synchronised' };
    await updateJob(database.db, jobId, { status: 'failed', ...failed }).catch(() => undefined);
  }
}

/** Whoever has shown since that an address is theirs is the one whom the identity provider means by it. */
async function linked({ people }: ScimServices, trx: Trx, rows: readonly UserRow[]): Promise<UserRow[]> {
  return await Promise.all(
    rows.map(async (row) => {
      if (row.user_id !== null || row.is_active === 0) return row;
      const userId = await people.findPerson(trx, row.email);
      if (userId === null) return row;
      await updateUser(trx, row.id, { user_id: userId });
      await people.enrol(trx, row.account_id, userId);
      return { ...row, user_id: userId };
    }),
  );
}

export function mappingJson(row: MappingRow) {
  return {
    id: row.id,
    organization_id: row.account_id,
    scim_group_id: row.group_id,
    workspace_id: row.workspace_id,
    role: row.role,
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoFromMs(row.updated_at_ms),
  };
}

export function jobJson(row: JobRow) {
  const moment = (ms: number | null) => (ms === null ? null : isoFromMs(ms));
  return {
    id: row.id,
    status: row.status,
    created_at: isoFromMs(row.created_at_ms),
    started_at: moment(row.started_at_ms),
    finished_at: moment(row.finished_at_ms),
    synced_groups: row.synced_groups,
    deleted_groups: row.deleted_groups,
    error_message: row.error_message,
  };
}

function mappingFacts({ group_id, workspace_id, role }: MappingRow) {
  return { group_id, workspace_id, role };
}
