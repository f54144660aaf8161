/** People and groups that an identity provider makes, changes and takes away, with what follows from that, each in one transaction. */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { Database, Trx } from '../storage/database.ts';
import { applyGroups, inTurn } from './access.ts';
import { patched } from './patch.ts';
import {
  type GroupFields,
  groupFields,
  groupJson,
  type UserFields,
  userFields,
  userJson,
} from './resource.ts';
import { scimError } from './scim-error.ts';
import {
  findGroup,
  findUser,
  findUserByName,
  type GroupRow,
  groupsOfUsers,
  insertGroup,
  insertUser,
  leaveGroups,
  lockGroup,
  membersOfGroups,
  setGroupMembers,
  type UserRow,
  updateGroup,
  updateUser,
} from './store.ts';

/** What is done to people here, by whoever keeps them. Each within the transaction that it is given. */
export interface PeopleServices {
  /** Who has shown that this address is theirs; null: nobody has. */
  findPerson(trx: Trx, email: string): Promise<string | null>;
  /** Makes them a member of the organisation, unless they are one. */
  enrol(trx: Trx, accountId: string, userId: string): Promise<void>;
  /** Ends membership, sessions, keys and invitations. The hashes of what was disabled, to be told after the commit. */
  remove(trx: Trx, accountId: string, userId: string): Promise<string[]>;
  /** No open invitation for this address is left. */
  withdrawInvitations(trx: Trx, accountId: string, email: string): Promise<void>;
  /** Sends an invitation to somebody who is not known here yet, where the gateway sends mail; after the commit. */
  invite(accountId: string, email: string): Promise<void>;
}

export interface ScimServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly people: PeopleServices;
  readonly keyChanged: (hash: string) => Promise<void>;
  /** `<public address>/scim/v2`. */
  readonly baseUrl: string;
}

interface Outcome {
  readonly row: UserRow;
  readonly told: readonly string[];
  readonly isWaiting: boolean;
}

export async function createUser(
  services: ScimServices,
  accountId: string,
  body: unknown,
): Promise<JsonObject> {
  const fields = userFields(body);
  const nowMs = services.clock.nowMs();
  const outcome = await inTurn(services.database, accountId, async (trx) => {
    await mustBeFree(trx, accountId, fields.userName, null);
    const row: UserRow = {
      ...{ id: newId(), account_id: accountId, user_id: null, created_at_ms: nowMs, deleted_at_ms: null },
      ...columnsOf(fields, nowMs),
    };
    await insertUser(trx, row);
    await recordAudit(trx, {
      ...{ action: 'scim_user.created', target: ['scim_user', row.id], accountId, nowMs },
      after: userFacts(row),
    });
    return await settle(services, trx, row, null, nowMs);
  });
  return await told(services, outcome);
}

/** `change`: of the resource as it stands, to the one that is wanted. */
export async function changeUser(
  services: ScimServices,
  accountId: string,
  id: string,
  change: (present: JsonObject) => unknown,
): Promise<JsonObject> {
  const nowMs = services.clock.nowMs();
  const outcome = await inTurn(services.database, accountId, async (trx) => {
    const before = await mustFindUser(trx, accountId, id);
    const fields = userFields(change(userJson(before, [], services.baseUrl)));
    await mustBeFree(trx, accountId, fields.userName, before.id);
    const row: UserRow = { ...before, ...columnsOf(fields, nowMs) };
    await updateUser(trx, id, columnsOf(fields, nowMs));
    await recordAudit(trx, {
      ...{ action: 'scim_user.changed', target: ['scim_user', id], accountId, nowMs },
      ...{ before: userFacts(before), after: userFacts(row) },
    });
    return await settle(services, trx, row, before, nowMs);
  });
  return await told(services, outcome);
}

export const replaceUser = (services: ScimServices, accountId: string, id: string, body: unknown) =>
  changeUser(services, accountId, id, () => body);

export const patchUser = (services: ScimServices, accountId: string, id: string, body: unknown) =>
  changeUser(services, accountId, id, (present) => patched(present, body));

export async function deleteUser(services: ScimServices, accountId: string, id: string): Promise<void> {
  const nowMs = services.clock.nowMs();
  const outcome = await inTurn(services.database, accountId, async (trx) => {
    const before = await mustFindUser(trx, accountId, id);
    const row: UserRow = { ...before, is_active: 0, deleted_at_ms: nowMs, updated_at_ms: nowMs };
    await updateUser(trx, id, { is_active: 0, deleted_at_ms: nowMs, updated_at_ms: nowMs });
    await recordAudit(trx, {
      ...{ action: 'scim_user.deleted', target: ['scim_user', id], accountId, nowMs },
      before: userFacts(before),
    });
    await leaveGroups(trx, id);
    return await settle(services, trx, row, before, nowMs);
  });
  for (const hash of outcome.told) await services.keyChanged(hash);
}

/** What a state means: whoever is active is a member with what their groups give them, and whoever is not has nothing left here. */
async function settle(
  { people }: ScimServices,
  trx: Trx,
  row: UserRow,
  before: UserRow | null,
  nowMs: number,
): Promise<Outcome> {
  const { account_id: accountId, email } = row;
  if (row.is_active === 0) {
    await people.withdrawInvitations(trx, accountId, before?.email ?? email);
    if (before?.user_id == null || before.is_active === 0) return { row, told: [], isWaiting: false };
    // What is told of keys comes last in a transaction, and the end of a membership tells it.
    return { row, told: await people.remove(trx, accountId, before.user_id), isWaiting: false };
  }
  const userId = row.user_id ?? (await people.findPerson(trx, email));
  if (userId === null) return { row, told: [], isWaiting: before === null || before.is_active === 0 };
  await updateUser(trx, row.id, { user_id: userId });
  await people.enrol(trx, accountId, userId);
  const linked = { ...row, user_id: userId };
  return { row: linked, told: await applyGroups(trx, accountId, [linked], nowMs), isWaiting: false };
}

async function told(services: ScimServices, { row, told: hashes, isWaiting }: Outcome): Promise<JsonObject> {
  for (const hash of hashes) await services.keyChanged(hash);
  if (isWaiting) await services.people.invite(row.account_id, row.email);
  const groups = await groupsOfUsers(services.database.db, [row.id]);
  return userJson(
    row,
    groups.map(({ group }) => group),
    services.baseUrl,
  );
}

export async function createGroup(
  services: ScimServices,
  accountId: string,
  body: unknown,
): Promise<JsonObject> {
  const fields = groupFields(body);
  const nowMs = services.clock.nowMs();
  const row: GroupRow = {
    ...{ id: newId(), account_id: accountId, display_name: fields.displayName },
    ...{ external_id: fields.externalId, created_at_ms: nowMs, updated_at_ms: nowMs, deleted_at_ms: null },
  };
  await inTurn(services.database, accountId, async (trx) => {
    await mustBeUsers(trx, accountId, fields.members);
    await insertGroup(trx, row);
    await setGroupMembers(trx, row.id, fields.members);
    await recordAudit(trx, {
      ...{ action: 'scim_group.created', target: ['scim_group', row.id], accountId, nowMs },
      after: { display_name: row.display_name, members: fields.members },
    });
  });
  return await readGroup(services, row);
}

export async function changeGroup(
  services: ScimServices,
  accountId: string,
  id: string,
  change: (present: JsonObject) => unknown,
): Promise<JsonObject> {
  const nowMs = services.clock.nowMs();
  const { row, hashes } = await inTurn(services.database, accountId, async (trx) => {
    const before = await lockGroup(trx, accountId, id);
    if (before === undefined) throw notFound('Group');
    const members = await membersOfGroups(trx, [id]);
    const fields: GroupFields = groupFields(change(groupJson(before, members, services.baseUrl)));
    const present = members.map(({ scimUserId }) => scimUserId);
    const joining = fields.members.filter((member) => !present.includes(member));
    const leaving = present.filter((member) => !fields.members.includes(member));
    await mustBeUsers(trx, accountId, joining);
    const row: GroupRow = {
      ...before,
      ...{ display_name: fields.displayName, external_id: fields.externalId, updated_at_ms: nowMs },
    };
    await updateGroup(trx, id, {
      ...{ display_name: row.display_name, external_id: row.external_id, updated_at_ms: nowMs },
    });
    if (joining.length + leaving.length > 0) await setGroupMembers(trx, id, fields.members);
    await recordAudit(trx, {
      ...{ action: 'scim_group.changed', target: ['scim_group', id], accountId, nowMs },
      before: { display_name: before.display_name, members_removed: leaving },
      after: { display_name: row.display_name, members_added: joining },
    });
    const people = await usersAmong(trx, accountId, [...joining, ...leaving]);
    return { row, hashes: await applyGroups(trx, accountId, people, nowMs) };
  });
  for (const hash of hashes) await services.keyChanged(hash);
  return await readGroup(services, row);
}

export const replaceGroup = (services: ScimServices, accountId: string, id: string, body: unknown) =>
  changeGroup(services, accountId, id, () => body);

export const patchGroup = (services: ScimServices, accountId: string, id: string, body: unknown) =>
  changeGroup(services, accountId, id, (present) => patched(present, body));

/** It grants nothing any more. */
export async function deleteGroup(services: ScimServices, accountId: string, id: string): Promise<void> {
  const nowMs = services.clock.nowMs();
  const hashes = await inTurn(services.database, accountId, async (trx) => {
    const before = await lockGroup(trx, accountId, id);
    if (before === undefined) throw notFound('Group');
    const members = await membersOfGroups(trx, [id]);
    await updateGroup(trx, id, { deleted_at_ms: nowMs, updated_at_ms: nowMs });
    await recordAudit(trx, {
      ...{ action: 'scim_group.deleted', target: ['scim_group', id], accountId, nowMs },
      before: { display_name: before.display_name },
    });
    const people = await usersAmong(
      trx,
      accountId,
      members.map(({ scimUserId }) => scimUserId),
    );
    return await applyGroups(trx, accountId, people, nowMs);
  });
  for (const hash of hashes) await services.keyChanged(hash);
}

async function readGroup({ database, baseUrl }: ScimServices, row: GroupRow): Promise<JsonObject> {
  return groupJson(row, await membersOfGroups(database.db, [row.id]), baseUrl);
}

export async function usersAmong(trx: Trx, accountId: string, ids: readonly string[]): Promise<UserRow[]> {
  const rows = await Promise.all(ids.map((id) => findUser(trx, accountId, id)));
  return rows.filter((row) => row !== undefined);
}

export async function mustFindUser(trx: Trx, accountId: string, id: string): Promise<UserRow> {
  const row = await findUser(trx, accountId, id);
  if (row === undefined) throw notFound('User');
  return row;
}

export async function mustFindGroup(
  db: Parameters<typeof findGroup>[0],
  accountId: string,
  id: string,
): Promise<GroupRow> {
  const row = await findGroup(db, accountId, id);
  if (row === undefined) throw notFound('Group');
  return row;
}

export function notFound(what: 'User' | 'Group') {
  return scimError(404, `${what} not found`);
}

async function mustBeUsers(trx: Trx, accountId: string, ids: readonly string[]): Promise<void> {
  const known = await usersAmong(trx, accountId, ids);
  if (known.length < ids.length)
    throw scimError(400, 'members: name somebody who is not among the users', 'invalidValue');
}

async function mustBeFree(
  trx: Trx,
  accountId: string,
  userName: string,
  ownId: string | null,
): Promise<void> {
  const found = await findUserByName(trx, accountId, userName.toLowerCase());
  if (found !== undefined && found.id !== ownId)
    throw scimError(409, 'userName: is taken by another user', 'uniqueness');
}

function columnsOf(fields: UserFields, nowMs: number) {
  return {
    user_name: fields.userName,
    user_name_key: fields.userName.toLowerCase(),
    external_id: fields.externalId,
    email: fields.email,
    is_active: fields.isActive ? (1 as const) : (0 as const),
    attributes: JSON.stringify(fields.attributes),
    updated_at_ms: nowMs,
  };
}

function userFacts(row: UserRow) {
  return {
    user_name: row.user_name,
    email: row.email,
    is_active: row.is_active === 1,
    user_id: row.user_id,
  };
}
