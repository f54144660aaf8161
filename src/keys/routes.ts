/** The key operations of the management API, and what a key may read about itself. */
import { hasRole } from '../auth/session.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import {
  anyKeyRoute,
  type Call,
  type KeyCall,
  managementRoute,
  type Route,
  type SessionCall,
  sessionRoute,
} from '../http/route.ts';
import type { Region } from '../policy/policy.ts';
import type { Db } from '../storage/database.ts';
import type { KeyKind } from '../storage/schema.ts';
import { findAccount, findDefaultWorkspace } from '../tenancy/tenants.ts';
import { changeKey, deleteKey } from './change-key.ts';
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
import { currentKeyJson, dashboardKeyJson, keyJson } from './key-json.ts';
import {
  isKeyHash,
  type NewKey,
  parseKeyPage,
  parseKeyPatch,
  parseKeySearch,
  parseNewKey,
  parseNewManagementKey,
} from './keys.ts';
import { letsOthersWork } from './principal-reader.ts';
import { findKey, findKeysByHash, type KeyRow, type KeyTarget, listKeys } from './store.ts';
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
    anyKeyRoute('GET', '/api/v1/key', describeCaller),
    // The path of old clients.
    anyKeyRoute('GET', '/api/v1/auth/key', describeCaller),
    // The same for people, who come with a session.
    sessionRoute('GET', '/api/dashboard/keys', 'member', (call) => list(services, call, byUser(call))),
    sessionRoute('POST', '/api/dashboard/keys', 'member', (call) =>
      // Without repeats: an Idempotency-Key is the account's, and would show one member another's key.
      create(services, call, byUser(call), null),
    ),
    sessionRoute('GET', '/api/dashboard/keys/:hash', 'member', (call) => read(services, call, byUser(call))),
    sessionRoute('PATCH', '/api/dashboard/keys/:hash', 'member', (call) =>
      change(services, call, byUser(call)),
    ),
    sessionRoute('DELETE', '/api/dashboard/keys/:hash', 'member', (call) =>
      remove(services, call, byUser(call)),
    ),
    // Whoever manages everybody's keys makes the keys that do so by themselves.
    sessionRoute('GET', '/api/dashboard/management-keys', 'admin', (call) =>
      list(services, call, ofManagementKeys(call)),
    ),
    sessionRoute('POST', '/api/dashboard/management-keys', 'admin', (call) =>
      create(services, call, ofManagementKeys(call), null),
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
    manager: ACCOUNT_ITSELF,
    toJson: keyJson,
    listsOauthKeys: false,
  };
}

/** Members see and change what they made themselves; admins, everything. */
function byUser({ session }: SessionCall): Reach {
  const { accountId, userId } = session;
  const isMember = !hasRole(session, 'admin');
  return {
    ...{ kind: 'api', accountId, creatorUserId: userId, manager: { userId, isMember } },
    createdBy: isMember ? userId : undefined,
    toJson: dashboardKeyJson,
    listsOauthKeys: true,
  };
}

const ofManagementKeys = (call: SessionCall): Reach => ({ ...byUser(call), kind: 'management' });

async function list(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  const { db } = services.database;
  const { accountId, createdBy } = reach;
  const page = parseKeyPage(call.url.searchParams);
  // Management keys belong to the account, and to no workspace.
  const workspaceId =
    reach.kind === 'management'
      ? null
      : (page.workspaceId ?? (await findDefaultWorkspace(db, accountId))?.id);
  if (workspaceId === undefined) return Response.json({ data: [] });
  const search = reach.listsOauthKeys ? parseKeySearch(call.url.searchParams) : null;
  const rows = await listKeys(db, {
    ...{ ...page, ...search, accountId, workspaceId, kind: reach.kind },
    createdBy: createdBy ?? search?.creatorUserId ?? undefined,
    // Our own pages show what expired, as they do all that there is.
    aliveAtMs: page.includeExpired || reach.listsOauthKeys ? undefined : services.clock.nowMs(),
    withoutOauth: !reach.listsOauthKeys,
  });
  const usage = await services.usage.ofKeys(rows.map((row) => row.hash));
  const shown = await asTheyWork(db, rows);
  return Response.json({ data: shown.map((row) => reach.toJson(row, usage.get(row.hash) ?? NO_USAGE)) });
}

async function create(
  services: KeyRouteServices,
  call: Call,
  reach: Reach,
  idempotencyKey: string | null,
): Promise<Response> {
  const { accountId, toJson } = reach;
  const answerOf = (made: CreatedKey) => creationJson(made, toJson);
  const body = await services.readJson(call.request);
  const order = () => orderOf(reach, parseBody(reach.kind, body, services.clock.nowMs()));
  if (idempotencyKey === null) return created(answerOf(await createKey(services, order())));
  const once = onceOf(services.masterKey, accountId, idempotencyKey, body);
  // Before the body is judged: what was right the first time (an expiry ahead of us) may not be any more.
  const earlier = await earlierAnswer(services, once);
  return created(earlier ?? (await createKeyOnce(services, order(), once, answerOf)));
}

const parseBody = (kind: KeyKind, body: unknown, nowMs: number): NewKey =>
  kind === 'management' ? parseNewManagementKey(body, nowMs) : parseNewKey(body, nowMs);

function orderOf({ kind, accountId, creatorUserId, createdBy, manager }: Reach, key: NewKey): KeyOrder {
  const wanted = key.creatorUserId;
  if (createdBy !== undefined && wanted !== undefined && wanted !== createdBy) {
    throw new TurnpikeError('role_required');
  }
  return { accountId, kind, key, defaultCreatorUserId: creatorUserId, manager };
}

/** The plaintext stands beside `data`, where the API has it, and inside, where older samples look for it. */
function creationJson({ key, row }: CreatedKey, toJson: typeof keyJson): string {
  return JSON.stringify({ data: { ...toJson(row, NO_USAGE), key }, key });
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
  const target = targetOf(call, reach);
  const { hash } = target;
  const row = isKeyHash(hash) ? await findKey(services.database.db, target) : undefined;
  if (row === undefined) throw new TurnpikeError('not_found');
  const [shown = row] = await asTheyWork(services.database.db, [row]);
  return Response.json({ data: reach.toJson(shown, await usageOf(services, hash)) });
}

async function change(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  const target = targetOf(call, reach);
  const changes = parseKeyPatch(await services.readJson(call.request));
  // Read before the write: after the commit nothing may fail any more, or the client would repeat it.
  const usage = await usageOf(services, target.hash);
  const row = await changeKey(services, reach.manager, target, changes);
  const [shown = row] = await asTheyWork(services.database.db, [row]);
  return Response.json({ data: reach.toJson(shown, usage) });
}

async function remove(services: KeyRouteServices, call: Call, reach: Reach): Promise<Response> {
  await deleteKey(services, targetOf(call, reach));
  return Response.json({ deleted: true });
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
  return rows.map((row) =>
    row.parent_key_hash !== null && strict.has(row.parent_key_hash) ? { ...row, disabled: 1 } : row,
  );
}

function targetOf(call: Call, { kind, accountId, createdBy }: Reach): KeyTarget {
  return { accountId, createdBy, hash: call.params.hash ?? '', kinds: [kind] };
}

async function usageOf(services: KeyRouteServices, hash: string): Promise<KeyUsage> {
  return (await services.usage.ofKeys([hash])).get(hash) ?? NO_USAGE;
}
