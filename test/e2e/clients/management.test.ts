/**
 * Every operation of guardrails, workspaces, the organisation, SCIM, keys and own provider keys, by the official `@openrouter/sdk`: it takes
 * the answer, and throws the error that it declares for each status, with our words. 500 comes from a table that is gone behind the
 * gateway. What is never answered stands in `NEVER_ANSWERED`, with why.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenRouter } from '@openrouter/sdk';
import * as errors from '@openrouter/sdk/models/errors';
import { sql } from 'kysely';
import { signUpMember, signUpOwner } from '../../accounts.ts';
import { rejectionOf } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

const UNKNOWN = '01890000-0000-7000-8000-000000000000';
const NOBODYS_HASH = '0'.repeat(64);
const OWN_SECRET = 'sk-proj-conformance-0123456789AbCd';

interface Facts {
  guardrail: string;
  hash: string;
  user: string;
  workspace: string;
  group: string;
  mapping: string;
  job: string;
  ownKey: string;
}
// biome-ignore lint/suspicious/noExplicitAny: requests that its types would not let through are what is tried
type Request = any;
type Ask = (facts: Facts) => Request;

interface Operation {
  /** Of the client: `guardrails.create`. */
  readonly name: string;
  readonly good: Ask;
  readonly bad?: Ask;
  readonly nobodys?: Ask;
  readonly conflicting?: Ask;
  /** There is no such thing in an account of one person. */
  readonly isOfOrganisations?: boolean;
}

const budget = (where: Request, wanted?: Request): Request => ({
  ...{ interval: 'monthly', ...where },
  ...(wanted === undefined ? {} : { upsertWorkspaceBudgetRequest: wanted }),
});

/** Those that change what others ask about come last. */
const OPERATIONS: readonly Operation[] = [
  {
    name: 'guardrails.create',
    good: () => ({ createGuardrailRequest: { name: 'Made' } }),
    bad: () => ({ createGuardrailRequest: { name: 'Made', allowedModels: ['nobody/nothing'] } }),
  },
  { name: 'guardrails.list', good: () => ({ limit: 1 }), bad: () => ({ workspaceId: 'no id' }) },
  { name: 'guardrails.get', good: ({ guardrail: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'guardrails.update',
    good: ({ guardrail: id }) => ({ id, updateGuardrailRequest: { description: 'Changed' } }),
    bad: ({ guardrail: id }) => ({ id, updateGuardrailRequest: { ignoredProviders: ['nobody'] } }),
    nobodys: () => ({ id: UNKNOWN, updateGuardrailRequest: { description: 'Changed' } }),
  },
  {
    name: 'guardrails.bulkAssignKeys',
    good: ({ guardrail: id, hash }) => ({ id, bulkAssignKeysRequest: { keyHashes: [hash] } }),
    bad: ({ guardrail: id }) => ({ id, bulkAssignKeysRequest: { keyHashes: [NOBODYS_HASH] } }),
    nobodys: ({ hash }) => ({ id: UNKNOWN, bulkAssignKeysRequest: { keyHashes: [hash] } }),
  },
  {
    name: 'guardrails.bulkAssignMembers',
    good: ({ guardrail: id, user }) => ({ id, bulkAssignMembersRequest: { memberUserIds: [user] } }),
    bad: ({ guardrail: id }) => ({ id, bulkAssignMembersRequest: { memberUserIds: ['nobody'] } }),
    nobodys: ({ user }) => ({ id: UNKNOWN, bulkAssignMembersRequest: { memberUserIds: [user] } }),
  },
  {
    name: 'guardrails.listGuardrailKeyAssignments',
    good: ({ guardrail: id }) => ({ id }),
    nobodys: () => ({ id: UNKNOWN }),
  },
  {
    name: 'guardrails.listGuardrailMemberAssignments',
    good: ({ guardrail: id }) => ({ id }),
    nobodys: () => ({ id: UNKNOWN }),
  },
  { name: 'guardrails.listKeyAssignments', good: () => ({}) },
  { name: 'guardrails.listMemberAssignments', good: () => ({}) },
  {
    name: 'guardrails.bulkUnassignKeys',
    good: ({ guardrail: id, hash }) => ({ id, bulkUnassignKeysRequest: { keyHashes: [hash] } }),
    bad: ({ guardrail: id }) => ({ id, bulkUnassignKeysRequest: { keyHashes: ['no hash'] } }),
    nobodys: ({ hash }) => ({ id: UNKNOWN, bulkUnassignKeysRequest: { keyHashes: [hash] } }),
  },
  {
    name: 'guardrails.bulkUnassignMembers',
    good: ({ guardrail: id, user }) => ({ id, bulkUnassignMembersRequest: { memberUserIds: [user] } }),
    bad: ({ guardrail: id }) => ({ id, bulkUnassignMembersRequest: { memberUserIds: [''] } }),
    nobodys: ({ user }) => ({ id: UNKNOWN, bulkUnassignMembersRequest: { memberUserIds: [user] } }),
  },
  { name: 'guardrails.delete', good: ({ guardrail: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'workspaces.create',
    good: () => ({
      createWorkspaceRequest: { name: 'Another', slug: `w-${crypto.randomUUID().slice(0, 8)}` },
    }),
    bad: () => ({ createWorkspaceRequest: { name: 'Taken', slug: 'default' } }),
  },
  { name: 'workspaces.list', good: () => ({ limit: 1 }) },
  { name: 'workspaces.get', good: ({ workspace: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'workspaces.update',
    good: ({ workspace: id }) => ({ id, updateWorkspaceRequest: { description: 'Changed' } }),
    bad: ({ workspace: id }) => ({ id, updateWorkspaceRequest: { slug: 'default' } }),
    nobodys: () => ({ id: UNKNOWN, updateWorkspaceRequest: { description: 'Changed' } }),
  },
  {
    name: 'workspaces.bulkAddMembers',
    good: ({ workspace: id, user }) => ({ id, bulkAddWorkspaceMembersRequest: { userIds: [user] } }),
    bad: ({ workspace: id }) => ({ id, bulkAddWorkspaceMembersRequest: { userIds: ['nobody'] } }),
    nobodys: ({ user }) => ({ id: UNKNOWN, bulkAddWorkspaceMembersRequest: { userIds: [user] } }),
  },
  { name: 'workspaces.listMembers', good: ({ workspace: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'workspaces.bulkRemoveMembers',
    good: ({ workspace: id, user }) => ({ id, bulkRemoveWorkspaceMembersRequest: { userIds: [user] } }),
    bad: ({ user }) => ({ id: 'default', bulkRemoveWorkspaceMembersRequest: { userIds: [user] } }),
    nobodys: ({ user }) => ({ id: UNKNOWN, bulkRemoveWorkspaceMembersRequest: { userIds: [user] } }),
  },
  { name: 'organization.listMembers', good: () => ({ limit: 1 }), isOfOrganisations: true },
  { name: 'scim.listGroups', good: () => ({ limit: 1 }) },
  { name: 'scim.listMappings', good: () => ({ limit: 1 }) },
  {
    name: 'scim.create',
    good: ({ group: scimGroupId, workspace: workspaceId }) => ({
      createScimGroupMappingRequest: { scimGroupId, workspaceId, role: 'member' },
    }),
    bad: ({ workspace: workspaceId }) => ({
      createScimGroupMappingRequest: { scimGroupId: '', workspaceId, role: 'member' },
    }),
    nobodys: ({ workspace: workspaceId }) => ({
      createScimGroupMappingRequest: { scimGroupId: UNKNOWN, workspaceId, role: 'member' },
    }),
    conflicting: ({ group: scimGroupId, workspace: workspaceId }) => ({
      createScimGroupMappingRequest: { scimGroupId, workspaceId, role: 'admin' },
    }),
  },
  { name: 'scim.read', good: ({ mapping: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'scim.update',
    good: ({ mapping: id }) => ({ id, updateScimGroupMappingRequest: { role: 'admin' } }),
    nobodys: () => ({ id: UNKNOWN, updateScimGroupMappingRequest: { role: 'admin' } }),
  },
  { name: 'scim.createSyncJob', good: () => ({}) },
  { name: 'scim.getSyncJob', good: ({ job: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'scim.delete',
    good: ({ mapping: id }) => ({ id, keepMembers: false }),
    nobodys: () => ({ id: UNKNOWN, keepMembers: false }),
  },
  {
    name: 'workspaces.setBudget',
    good: ({ workspace: workspaceRef }) => budget({ workspaceRef }, { limitUsd: 5 }),
    bad: ({ workspace: workspaceRef }) => budget({ workspaceRef }, { limitUsd: -1 }),
    nobodys: () => budget({ workspaceRef: UNKNOWN }, { limitUsd: 5 }),
  },
  {
    name: 'workspaces.listBudgets',
    good: ({ workspace: workspaceRef }) => ({ workspaceRef }),
    nobodys: () => ({ workspaceRef: UNKNOWN }),
  },
  {
    name: 'workspaces.getBudget',
    good: ({ workspace: workspaceRef }) => budget({ workspaceRef }),
    bad: ({ workspace: workspaceRef }) => budget({ workspaceRef, interval: 'hourly' }),
    nobodys: () => budget({ workspaceRef: UNKNOWN }),
  },
  {
    name: 'workspaces.deleteBudget',
    good: ({ workspace: workspaceRef }) => budget({ workspaceRef }),
    bad: ({ workspace: workspaceRef }) => budget({ workspaceRef, interval: 'hourly' }),
    nobodys: () => budget({ workspaceRef: UNKNOWN }),
  },
  {
    name: 'byok.create',
    good: () => ({ createBYOKKeyRequest: { provider: 'openai', key: OWN_SECRET } }),
    bad: () => ({ createBYOKKeyRequest: { provider: 'openai', key: '' } }),
  },
  { name: 'byok.list', good: () => ({ limit: 1 }), bad: () => ({ workspaceId: UNKNOWN }) },
  { name: 'byok.get', good: ({ ownKey: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'byok.update',
    good: ({ ownKey: id }) => ({ id, updateBYOKKeyRequest: { name: 'Changed' } }),
    bad: ({ ownKey: id }) => ({ id, updateBYOKKeyRequest: { key: '' } }),
    nobodys: () => ({ id: UNKNOWN, updateBYOKKeyRequest: { name: 'Changed' } }),
  },
  { name: 'byok.delete', good: ({ ownKey: id }) => ({ id }), nobodys: () => ({ id: UNKNOWN }) },
  {
    name: 'workspaces.delete',
    good: ({ workspace: id }) => ({ id }),
    bad: () => ({ id: 'default' }),
    nobodys: () => ({ id: UNKNOWN }),
  },
  {
    name: 'apiKeys.create',
    good: () => ({ requestBody: { name: 'Made', limit: 1 } }),
    bad: () => ({ requestBody: { name: 'Made', limit: -1 } }),
  },
  { name: 'apiKeys.list', good: () => ({}), bad: () => ({ workspaceId: 'no id' }) },
  { name: 'apiKeys.get', good: ({ hash }) => ({ hash }), nobodys: () => ({ hash: NOBODYS_HASH }) },
  {
    name: 'apiKeys.update',
    good: ({ hash }) => ({ hash, requestBody: { name: 'Changed' } }),
    bad: ({ hash }) => ({ hash, requestBody: { limit: -1 } }),
    nobodys: () => ({ hash: NOBODYS_HASH, requestBody: { name: 'Changed' } }),
  },
  { name: 'apiKeys.getCurrentKeyMetadata', good: () => ({}) },
  { name: 'apiKeys.delete', good: ({ hash }) => ({ hash }), nobodys: () => ({ hash: NOBODYS_HASH }) },
];

/** What an operation declares and Turnpike never answers to it, by status or by operation and status, and why. */
const NEVER_ANSWERED: Readonly<Record<string, string>> = {
  429: 'the management API has no limit of its own: a rate is a limit of models alone',
  'guardrails.update 409':
    'writes of one guardrail wait for each other, so none finds it changed under its hands',
  'scim.createSyncJob 404': 'there is a directory from the start, if an empty one',
  'scim.listGroups 404': 'there is a directory from the start, if an empty one',
  'scim.listMappings 404': 'there is a directory from the start, if an empty one',
  'scim.update 400':
    'the client itself refuses a role that there is not, and sends nothing else that could be wrong',
  'scim.delete 400': 'the client sends nothing that could be wrong',
};

const GROUPS = ['guardrails', 'workspaces', 'organization', 'scim', 'byok', 'apiKeys'];

/** Without which table an operation fails though its caller is still known; unless told, without the audit log. */
const TABLES_NEEDED: Readonly<Record<string, string>> = {
  'guardrails.list': 'guardrail',
  'guardrails.get': 'guardrail',
  'guardrails.listGuardrailKeyAssignments': 'guardrail_key',
  'guardrails.listGuardrailMemberAssignments': 'guardrail_member',
  'guardrails.listKeyAssignments': 'guardrail_key',
  'guardrails.listMemberAssignments': 'guardrail_member',
  'workspaces.list': 'content_logging',
  'workspaces.get': 'content_logging',
  'workspaces.listMembers': 'user',
  'workspaces.listBudgets': 'workspace_budget',
  'workspaces.getBudget': 'workspace_budget',
  'organization.listMembers': 'user',
  'scim.listGroups': 'scim_group',
  'scim.listMappings': 'scim_group_mapping',
  'scim.create': 'scim_group_mapping',
  'scim.read': 'scim_group_mapping',
  'scim.getSyncJob': 'scim_sync_job',
  'byok.list': 'byok_key',
  'byok.get': 'byok_key',
  'apiKeys.list': 'usage_window',
  'apiKeys.get': 'usage_window',
  'apiKeys.getCurrentKeyMetadata': 'usage_window',
};

const ERRORS: Readonly<Record<number, unknown>> = {
  400: errors.BadRequestResponseError,
  401: errors.UnauthorizedResponseError,
  403: errors.ForbiddenResponseError,
  404: errors.NotFoundResponseError,
  409: errors.ConflictResponseError,
  500: errors.InternalServerResponseError,
};

/** Read from the client's own code. */
function declaredBy(name: string): number[] {
  const [group = '', operation = ''] = name.split('.');
  const file = `${group}${operation.charAt(0).toUpperCase()}${operation.slice(1)}.js`;
  const path = join(import.meta.dir, '../../../node_modules/@openrouter/sdk/esm/funcs', file);
  return [...readFileSync(path, 'utf8').matchAll(/M\.jsonErr\((\d+),/g)].map(([, status]) => Number(status));
}

let gateway: TestGateway;
const facts = {} as Facts;
const clientOf = (apiKey: string) =>
  new OpenRouter({ apiKey, serverURL: gateway.baseUrl, retryConfig: { strategy: 'none' } });

/** Pages are read, so that what is in them is validated too. */
async function ask(client: OpenRouter, name: string, request: Request): Promise<unknown> {
  const [group = '', operation = ''] = name.split('.');
  const answer = await (client as Request)[group][operation](request);
  if (typeof answer?.[Symbol.asyncIterator] !== 'function') return answer;
  for await (const page of answer) return page.result ?? page;
  return answer;
}

beforeAll(async () => {
  gateway = await startGateway();
  const owner = await signUpOwner(gateway);
  const email = `${crypto.randomUUID()}@example.com`;
  const member = await signUpMember(gateway, owner, {
    email,
    password: 'correct horse battery',
    role: 'member',
  });
  facts.user = (await member.session())?.user.id ?? '';
  facts.hash = (await makeKey(gateway)).hash;
  const send = async (url: string, body: object) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as { id?: string; data?: { id: string } };
    return json.data?.id ?? json.id ?? '';
  };
  facts.guardrail = await send(`${gateway.baseUrl}/guardrails`, { name: 'Rules' });
  facts.workspace = await send(`${gateway.baseUrl}/workspaces`, { name: 'Made', slug: 'made-by-a-test' });
  facts.group = await send(`${gateway.url}/scim/v2/Groups`, {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Team',
  });
  const mapping = { scim_group_id: facts.group, workspace_id: facts.workspace, role: 'member' };
  facts.mapping = await send(`${gateway.baseUrl}/scim/group-mappings`, mapping);
  facts.ownKey = await send(`${gateway.baseUrl}/byok`, { provider: 'openai', key: OWN_SECRET });
  facts.job = await send(`${gateway.baseUrl}/scim/sync-jobs`, {});
  expect(Object.entries(facts).filter(([, value]) => value === '')).toEqual([]);
});
afterAll(() => gateway?.stop());

/** As when a database has lost a table: what the gateway does not foresee. */
async function without(table: string, act: () => Promise<unknown>): Promise<void> {
  const { db } = gateway.database;
  const away = `${table}_away`;
  await sql`alter table ${sql.table(table)} rename to ${sql.table(away)}`.execute(db);
  await act().finally(() => sql`alter table ${sql.table(away)} rename to ${sql.table(table)}`.execute(db));
}

/** As in an account of one person, which no setting makes of this one. */
async function personally(act: () => Promise<unknown>): Promise<void> {
  const becomes = (kind: 'personal' | 'organisation') =>
    gateway.database.db.updateTable('account').set({ kind }).execute();
  await becomes('personal');
  await act().finally(() => becomes('organisation'));
}

function whyNever(name: string, status: number): string | undefined {
  return NEVER_ANSWERED[`${name} ${status}`] ?? NEVER_ANSWERED[status];
}

describe.each(OPERATIONS.map((one) => [one.name, one] as const))(
  '%s',
  (name, { good, bad, nobodys, conflicting, isOfOrganisations }) => {
    const declared = declaredBy(name);
    test('throws the error that it declares, for each status', async () => {
      const manager = clientOf(gateway.managementKey);
      const reached = new Set<number>();
      const refused = async (status: number, client: OpenRouter, request: Request) => {
        const error = (await rejectionOf(ask(client, name, request))) as Request;
        expect([status, error.statusCode]).toEqual([status, status]);
        if (declared.includes(status)) {
          expect(error).toBeInstanceOf(ERRORS[status] as never);
          const { message } = JSON.parse(error.body).error;
          expect(error.error).toMatchObject({ code: status, message });
          expect([message, error.message]).toEqual([expect.stringMatching(/\w/), message]);
        }
        reached.add(status);
      };
      await refused(401, clientOf(`sk-or-v1-${'0'.repeat(64)}`), good(facts));
      if (name !== 'apiKeys.getCurrentKeyMetadata') await refused(403, clientOf(gateway.apiKey), good(facts));
      if (bad !== undefined) await refused(400, manager, bad(facts));
      if (nobodys !== undefined) await refused(404, manager, nobodys(facts));
      if (conflicting !== undefined) await refused(409, manager, conflicting(facts));
      if (isOfOrganisations === true) await personally(() => refused(404, manager, good(facts)));
      await without(TABLES_NEEDED[name] ?? 'audit_event', () => refused(500, manager, good(facts)));
      const missing = declared.filter(
        (status) => !reached.has(status) && whyNever(name, status) === undefined,
      );
      expect(missing).toEqual([]);
      const answeredAllTheSame = [...reached].filter((status) => whyNever(name, status) !== undefined);
      expect(answeredAllTheSame).toEqual([]);
    });

    test('takes the answer', async () => {
      expect(await ask(clientOf(gateway.managementKey), name, good(facts))).toBeDefined();
    });
  },
);

test('no operation of these groups is left out, and nothing is said of what none declares', () => {
  const client = clientOf('');
  const names = GROUPS.flatMap((group) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf((client as Request)[group]))
      .filter((operation) => operation !== 'constructor')
      .map((operation) => `${group}.${operation}`),
  );
  expect(OPERATIONS.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  const declared = new Set(
    names.flatMap((name) => declaredBy(name).flatMap((status) => [String(status), `${name} ${status}`])),
  );
  expect(Object.keys(NEVER_ANSWERED).filter((row) => !declared.has(row))).toEqual([]);
});
