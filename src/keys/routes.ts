/** The key operations of the management API, and what a key may read about itself. */
import { hasRole } from '../auth/session.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import {
  anyKeyRoute,
  type Call,
  type KeyCall,
  keyItselfRoute,
  managementRoute,
  type Route,
  type SessionCall,
  sessionRoute,
} from '../http/route.ts';
import type { Region } from '../policy/policy.ts';
import type { Db } from '../storage/database.ts';
import type { KeyKind } from '../storage/schema.ts';
import { findAccount, findDefaultWorkspace, membershipsOf } from '../tenancy/tenants.ts';
import { roleOfMembership } from '../tenancy/workspace-rights.ts';
import { windowIds } from '../window.ts';
import { changeKey, deleteKey } from './change-key.ts';
import { childOrder, mustMayHaveChildren } from './child-keys.ts';
import {
  type CreatedKey,
  createKey,
  createKeyOnce,
  earlierAnswer,
  type KeyOrder,
  type OnceServices,
  onceOf,
} from './create-key.ts';
import { ACCOUNT_ITSELF, type KeyManager } from './key-bounds.ts';
import { childJson, currentKeyJson, dashboardKeyJson, type KeyRules, keyJson } from './key-json.ts';
import { keyIdsOf } from './key-names.ts';
import { keyReport } from './key-report.ts';
import {
  type NewKey,
  parseKeyPage,
  parseKeyPatch,
  parseKeySearch,
  parseManagementKeyPatch,
  parseNewKey,
  parseNewManagementKey,
} from './keys.ts';
import { listOpenLeaks } from './leak-store.ts';
import { withKnownModel } from './on-exhaust.ts';
import { letsOthersWork } from './principal-reader.ts';
import { parseRotation, rotateKey } from './rotate-key.ts';
import { findKey, findKeysByHash, type KeyRow, type KeyTarget, listKeys, type Supervised } from './store.ts';
import {
  type AccountReader,
  type BudgetReader,
  type FreeRequestReader,
  type KeyUsage,
  type KeyUsageReader,
  NO_USAGE,
} from './usage.ts';

export interface KeyRouteServices extends OnceServices {
  readonly account: AccountReader;
  readonly usage: KeyUsageReader;
  readonly freeRequests: FreeRequestReader;
  readonly budgets: BudgetReader;
  readonly readJson: (request: Request) => Promise<unknown>;
  readonly dataRegion: Region;
  /** The id by which a model that chats is listed; null: no such one can be called here. */
  readonly chatModelId: (id: string) => string | null;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** An answer with a secret in it is nobody's to keep. */
const SECRET_ANSWER_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export function keyRoutes(services: KeyRouteServices): Route[] {
  const describeCaller = (call: KeyCall) => describe(services, call);
  return [
    managementRoute('GET', '/api/v1/keys', (call) => list(services, call, byKey(call))),
    managementRoute('POST', '/api/v1/keys', (call) =>
      create(services, call, byKey(call), idempotencyKeyOf(call.request)),
    ),
    managementRoute('GET', '/api/v1/keys/:hash', (call) => read(services, call, byKey(call))),
    managementRoute('PATCH', '/api/v1/keys/:hash', (call) => change(services, call, byKey(call))),
    managementRoute('DELETE', '/api/v1/keys/:hash', (call) => remove(services, call, byKey(call))),
    managementRoute('POST', '/api/v1/keys/:hash/rotate', (call) => rotate(services, call, byKey(call))),
    keyItselfRoute('GET', '/api/v1/key/children', (call) => listChildren(services, call)),
    keyItselfRoute('POST', '/api/v1/key/children', (call) => createChild(services, call)),
    managementRoute('GET', '/api/v1/key-report', (call) => report(services, call.principal.accountId)),
    anyKeyRoute('GET', '/api/v1/key', describeCaller),
    // The path of old clients.
    anyKeyRoute('GET', '/api/v1/auth/key', describeCaller),
    // The same for people, who come with a session.
    sessionRoute('GET', '/api/dashboard/keys', 'member', async (call) =>
      list(services, call, await byUser(services, call)),
    ),
    sessionRoute('POST', '/api/dashboard/keys', 'member', async (call) =>
      // Without repeats: an Idempotency-Key is the account's, and would show one member another's key.
      create(services, call, await byUser(services, call), null),
    ),
    sessionRoute('GET', '/api/dashboard/keys/:hash', 'member', async (call) =>
      read(services, call, await byUser(services, call)),
    ),
    sessionRoute('PATCH', '/api/dashboard/keys/:hash', 'member', async (call) =>
      change(services, call, await byUser(services, call)),
    ),
    sessionRoute('DELETE', '/api/dashboard/keys/:hash', 'member', async (call) =>
      remove(services, call, await byUser(services, call)),
    ),
    sessionRoute('POST', '/api/dashboard/keys/:hash/rotate', 'member', async (call) =>
      rotate(services, call, await byUser(services, call)),
    ),
    // Whoever manages everybody's keys makes the keys that do so by themselves.
    sessionRoute('GET', '/api/dashboard/management-keys', 'admin', (call) =>
      list(services, call, ofManagementKeys(call)),
    ),
    sessionRoute('POST', '/api/dashboard/management-keys', 'admin', (call) =>
      create(services, call, ofManagementKeys(call), null),
    ),
    sessionRoute('PATCH', '/api/dashboard/management-keys/:hash', 'admin', (call) =>
      change(services, call, ofManagementKeys(call)),
    ),
    sessionRoute('POST', '/api/dashboard/management-keys/:hash/rotate', 'admin', (call) =>
      rotate(services, call, ofManagementKeys(call)),
    ),
    sessionRoute('GET', '/api/dashboard/key-report', 'admin', (call) =>
      report(services, call.session.accountId),
    ),
    sessionRoute('DELETE', '/api/dashboard/management-keys/:hash', 'admin', (call) =>
      remove(services, call, ofManagementKeys(call)),
    ),
  ];
}

/** Who manages keys here, and which. */
interface Reach {
  /** Which kind of keys: no route reaches the other. */
  readonly kind: KeyKind;
  readonly accountId: string;
  /** Who a new key is made by, unless the body says. */
  readonly creatorUserId: string | null;
  readonly manager: KeyManager;
  /** Out of whose reach everybody else's keys are; undefined: manages all of the account's. */
  readonly createdBy: string | undefined;
  /** Of a member who is an admin of some workspaces: those. */
  readonly inWorkspaces: Supervised | undefined;
  readonly toJson: typeof keyJson;
  /** The API lists what its callers made themselves; pages show everything. */
  readonly listsOauthKeys: boolean;
}

function byKey({ principal }: KeyCall): Reach {
  const { accountId, creatorUserId } = principal;
  return {
    kind: 'api',
    accountId,
    creatorUserId,
    createdBy: undefined,
    inWorkspaces: undefined,
    manager: ACCOUNT_ITSELF,
    toJson: keyJson,
    listsOauthKeys: false,
  };
}

/** Members see and change what they made themselves, admins of a workspace what is in it too; admins, everything. */
async function byUser(services: KeyRouteServices, { session }: SessionCall): Promise<Reach> {
  const { accountId, userId } = session;
  if (hasRole(session, 'admin')) return reachOf(session, null);
  const memberships = await membershipsOf(services.database.db, accountId, userId);
  const ids = memberships
    .filter((row) => roleOfMembership(row) === 'admin')
    .map(({ workspace_id }) => workspace_id);
  return reachOf(session, ids);
}

/** `supervised`: the workspaces that they are an admin of; null: all. */
function reachOf({ accountId, userId }: SessionCall['session'], supervised: readonly string[] | null): Reach {
  const isPlain = supervised?.length === 0;
  return {
    ...{ kind: 'api', accountId, creatorUserId: userId, manager: { userId, isMember: isPlain } },
    createdBy: isPlain ? userId : undefined,
    inWorkspaces: supervised === null || isPlain ? undefined : { ids: supervised, orCreatedBy: userId },
    toJson: dashboardKeyJson,
    listsOauthKeys: true,
  };
}

const ofManagementKeys = ({ session }: SessionCall): Reach => ({
  ...reachOf(session, null),
  kind: 'management',
});

async function list(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  const { db } = services.database;
  const { accountId, createdBy } = reach;
  const page = parseKeyPage(call.url.searchParams);
  // Management keys belong to the account, and to no workspace; our own pages show every workspace's.
  const isOfAll = reach.kind === 'management' || (reach.listsOauthKeys && page.workspaceId === null);
  const workspaceId = isOfAll ? null : (page.workspaceId ?? (await findDefaultWorkspace(db, accountId))?.id);
  if (workspaceId === undefined) return Response.json({ data: [] });
  const search = reach.listsOauthKeys ? parseKeySearch(call.url.searchParams) : null;
  const nowMs = services.clock.nowMs();
  const rows = await listKeys(db, {
    ...{ ...page, ...search, accountId, workspaceId, kind: reach.kind },
    order: search?.order === 'limit_spent' ? { limitSpentIn: windowIds(nowMs) } : (search?.order ?? 'newest'),
    createdBy: createdBy ?? search?.creatorUserId ?? undefined,
    inWorkspaces: reach.inWorkspaces,
    // Our own pages show what expired, as they do all that there is.
    aliveAtMs: page.includeExpired || reach.listsOauthKeys ? undefined : nowMs,
    withoutOauth: !reach.listsOauthKeys,
  });
  const [usage, rules, shown] = await Promise.all([
    services.usage.ofKeys(rows.map((row) => row.hash)),
    rulesOf(services, accountId),
    asTheyWork(db, rows),
  ]);
  return Response.json({
    data: shown.map((row) => reach.toJson(row, usage.get(row.hash) ?? NO_USAGE, rules)),
  });
}

async function create(
  services: KeyRouteServices,
  call: Call,
  reach: Reach,
  idempotencyKey: string | null,
): Promise<Response> {
  const { accountId, toJson } = reach;
  const rules = await rulesOf(services, accountId);
  const answerOf = (made: CreatedKey) => creationJson(made, toJson, rules);
  const body = await services.readJson(call.request);
  const order = () => {
    const key = parseBody(reach.kind, body, services.clock.nowMs());
    return orderOf(reach, { ...key, onExhaust: withKnownModel(key.onExhaust, services.chatModelId) });
  };
  if (idempotencyKey === null) return created(answerOf(await createKey(services, order())));
  const once = onceOf(services.masterKey, accountId, idempotencyKey, body);
  // Before the body is judged: what was right the first time (an expiry ahead of us) may not be any more.
  const earlier = await earlierAnswer(services, once);
  return created(earlier ?? (await createKeyOnce(services, order(), once, answerOf)));
}

const parseBody = (kind: KeyKind, body: unknown, nowMs: number): NewKey =>
  kind === 'management' ? parseNewManagementKey(body, nowMs) : parseNewKey(body, nowMs);

function orderOf(reach: Reach, key: NewKey): KeyOrder {
  const { kind, accountId, creatorUserId, createdBy, inWorkspaces, manager } = reach;
  const wanted = key.creatorUserId;
  const isOthers = wanted !== undefined && wanted !== creatorUserId;
  const isSupervised = key.workspaceId !== null && inWorkspaces?.ids.includes(key.workspaceId) === true;
  if (isOthers && (createdBy !== undefined || (inWorkspaces !== undefined && !isSupervised))) {
    throw new TurnpikeError('role_required');
  }
  return { accountId, kind, key, defaultCreatorUserId: creatorUserId, manager };
}

/** The plaintext stands beside `data`, where the API has it, and inside, where older samples look for it. */
function creationJson({ key, row }: CreatedKey, toJson: typeof keyJson, rules: KeyRules): string {
  return JSON.stringify({ data: { ...toJson(row, NO_USAGE, rules), key }, key });
}

function created(json: string): Response {
  return new Response(json, { status: 201, headers: SECRET_ANSWER_HEADERS });
}

function idempotencyKeyOf(request: Request): string | null {
  const header = request.headers.get('idempotency-key');
  if (header !== null && !IDEMPOTENCY_KEY.test(header)) {
    throw invalidRequest('Idempotency-Key: must be 1 to 255 visible ASCII characters');
  }
  return header;
}

async function read(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  const target = await targetOf(services, call, reach);
  const row = await findKey(services.database.db, target);
  if (row === undefined) throw new TurnpikeError('not_found');
  const [shown = row] = await asTheyWork(services.database.db, [row]);
  const rules = await rulesOf(services, target.accountId);
  return Response.json({ data: reach.toJson(shown, await usageOf(services, target.hash), rules) });
}

async function change(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  const target = await targetOf(services, call, reach);
  const body = await services.readJson(call.request);
  const changes =
    reach.kind === 'management' ? parseManagementKeyPatch(body) : parseKeyPatch(body, services.chatModelId);
  // Read before the write: after the commit nothing may fail any more, or the client would repeat it.
  const [usage, rules] = await Promise.all([
    usageOf(services, target.hash),
    rulesOf(services, target.accountId),
  ]);
  const row = await changeKey(services, reach.manager, target, changes);
  const [shown = row] = await asTheyWork(services.database.db, [row]);
  // Whoever enables a key whose secret leaked has seen to that.
  const after = changes.disabled === 0 ? { ...rules, leaks: NO_LEAKS } : rules;
  return Response.json({ data: reach.toJson(shown, usage, after) });
}

async function remove(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  await deleteKey(services, await targetOf(services, call, reach));
  return Response.json({ deleted: true });
}

async function rotate(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  const target = await targetOf(services, call, reach);
  const overlapMs = parseRotation(await services.readJson(call.request));
  // Read before the write: after the commit nothing may fail any more, or the new secret would be lost.
  const [usage, rules] = await Promise.all([
    usageOf(services, target.hash),
    rulesOf(services, target.accountId),
  ]);
  const { key, row } = await rotateKey(services, target, overlapMs);
  const data = { ...reach.toJson(row, usage, { ...rules, leaks: NO_LEAKS }), key };
  return created(JSON.stringify({ data, key }));
}

const NO_LEAKS = new Map();

async function createChild(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const body = await services.readJson(call.request);
  const order = childOrder(call.principal, body, services.clock.nowMs());
  const rules = await rulesOf(services, call.principal.accountId);
  return created(creationJson(await createKey(services, order), childJson, rules));
}

/** Those that the calling key made for itself, disabled and expired ones among them, newest first. */
async function listChildren(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const { principal } = call;
  mustMayHaveChildren(principal);
  const page = parseKeyPage(call.url.searchParams);
  const rows = await listKeys(services.database.db, {
    ...{ accountId: principal.accountId, kind: 'api', workspaceId: null, childrenOf: principal.keyHash },
    ...{ includeDisabled: true, offset: page.offset, limit: page.limit },
  });
  const [usage, rules] = await Promise.all([
    services.usage.ofKeys(rows.map((row) => row.hash)),
    rulesOf(services, principal.accountId),
  ]);
  return Response.json({
    data: rows.map((row) => childJson(row, usage.get(row.hash) ?? NO_USAGE, rules)),
  });
}

async function describe(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const { principal } = call;
  const [usage, freeRequests, hasPurchasedCredits, account, budgets] = await Promise.all([
    usageOf(services, principal.keyHash),
    services.freeRequests.ofAccount(principal.accountId),
    services.account.hasPurchasedCredits(principal.accountId),
    findAccount(services.database.db, principal.accountId),
    services.budgets.layersOf(principal),
  ]);
  const organizationId = account?.kind === 'organisation' ? account.id : null;
  return Response.json({
    data: currentKeyJson(principal, {
      ...{ usage, freeRequests, hasPurchasedCredits, organizationId, budgets },
      ...{ dataRegion: services.dataRegion, nowMs: services.clock.nowMs() },
    }),
  });
}

/** A key is disabled as long as the one that authorised it lets nothing work. */
async function asTheyWork(db: Db, rows: readonly KeyRow[]): Promise<KeyRow[]> {
  const hashes = rows.flatMap(({ parent_key_hash: hash }) => (hash === null ? [] : [hash]));
  const parents = await findKeysByHash(db, hashes);
  const strict = new Set(parents.filter((parent) => !letsOthersWork(parent)).map(({ hash }) => hash));
  const asleep = new Set(parents.filter(({ disabled }) => disabled === 1).map(({ hash }) => hash));
  return rows.map((row) => {
    const isAtRest =
      row.parent_key_hash !== null && (row.is_child === 1 ? asleep : strict).has(row.parent_key_hash);
    return isAtRest ? { ...row, disabled: 1 } : row;
  });
}

/** 404 for a hash that names no key of this account. */
async function targetOf(services: KeyRouteServices, call: Call, reach: Reach): Promise<KeyTarget> {
  const { kind, accountId, createdBy, inWorkspaces } = reach;
  const named = call.params.hash ?? '';
  const ids = await keyIdsOf(services.database.db, accountId, [named], services.clock.nowMs());
  const hash = ids.get(named);
  if (hash === undefined) throw new TurnpikeError('not_found');
  return { accountId, createdBy, inWorkspaces, hash, kinds: [kind] };
}

async function rulesOf(services: KeyRouteServices, accountId: string): Promise<KeyRules> {
  const { db } = services.database;
  const [account, leaks] = await Promise.all([findAccount(db, accountId), listOpenLeaks(db, accountId)]);
  return {
    rotationDays: account?.key_rotation_days ?? null,
    leaks: new Map(leaks.map((leak) => [leak.key_hash, leak])),
  };
}

async function report(services: KeyRouteServices, accountId: string): Promise<Response> {
  return Response.json({ data: await keyReport(services, accountId, services.clock.nowMs()) });
}

async function usageOf(services: KeyRouteServices, hash: string): Promise<KeyUsage> {
  return (await services.usage.ofKeys([hash])).get(hash) ?? NO_USAGE;
}
