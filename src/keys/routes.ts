/** The key operations of the management API, and what a key may read about itself. */
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { anyKeyRoute, type KeyCall, managementRoute, type Route } from '../http/route.ts';
import type { KeyKind } from '../storage/schema.ts';
import { changeKey, deleteKey, type KeyTarget } from './change-key.ts';
import {
  type CreatedKey,
  createKey,
  createKeyOnce,
  earlierAnswer,
  type KeyOrder,
  type OnceServices,
  onceOf,
} from './create-key.ts';
import { currentKeyJson, keyJson } from './key-json.ts';
import { isKeyHash, parseKeyPage, parseKeyPatch, parseNewKey } from './keys.ts';
import { findKey, listKeys } from './store.ts';
import { findAccount, findDefaultWorkspace } from './tenant-store.ts';
import {
  type AccountReader,
  type FreeRequestReader,
  type KeyUsage,
  type KeyUsageReader,
  NO_USAGE,
} from './usage.ts';

export interface KeyRouteServices extends OnceServices {
  readonly account: AccountReader;
  readonly usage: KeyUsageReader;
  readonly freeRequests: FreeRequestReader;
  readonly readJson: (request: Request) => Promise<unknown>;
}

/** Management keys are out of reach here: they are made and revoked by their own page and the command line. */
const MANAGED: readonly KeyKind[] = ['api'];

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** An answer with a secret in it is nobody's to keep. */
const SECRET_ANSWER_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export function keyRoutes(services: KeyRouteServices): Route[] {
  const describeCaller = (call: KeyCall) => describe(services, call);
  return [
    managementRoute('GET', '/api/v1/keys', (call) => list(services, call)),
    managementRoute('POST', '/api/v1/keys', (call) => create(services, call)),
    managementRoute('GET', '/api/v1/keys/:hash', (call) => read(services, call)),
    managementRoute('PATCH', '/api/v1/keys/:hash', (call) => change(services, call)),
    managementRoute('DELETE', '/api/v1/keys/:hash', (call) => remove(services, call)),
    anyKeyRoute('GET', '/api/v1/key', describeCaller),
    // The path of old clients.
    anyKeyRoute('GET', '/api/v1/auth/key', describeCaller),
  ];
}

async function list(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const { db } = services.database;
  const { accountId } = call.principal;
  const page = parseKeyPage(call.url.searchParams);
  const workspaceId = page.workspaceId ?? (await findDefaultWorkspace(db, accountId))?.id;
  if (workspaceId === undefined) return Response.json({ data: [] });
  const rows = await listKeys(db, { ...page, accountId, workspaceId, kind: 'api' });
  const usage = await services.usage.ofKeys(rows.map((row) => row.hash));
  return Response.json({ data: rows.map((row) => keyJson(row, usage.get(row.hash) ?? NO_USAGE)) });
}

async function create(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const { accountId, creatorUserId } = call.principal;
  const idempotencyKey = idempotencyKeyOf(call.request);
  const body = await services.readJson(call.request);
  const order = (): KeyOrder => ({
    accountId,
    kind: 'api',
    key: parseNewKey(body, services.clock.nowMs()),
    defaultCreatorUserId: creatorUserId,
  });
  if (idempotencyKey === null) return created(creationJson(await createKey(services, order())));
  const once = onceOf(services.masterKey, accountId, idempotencyKey, body);
  // Before the body is judged: what was right the first time (an expiry ahead of us) may not be any more.
  const earlier = await earlierAnswer(services, once);
  return created(earlier ?? (await createKeyOnce(services, order(), once, creationJson)));
}

/** The plaintext stands beside `data`, where the API has it, and inside, where older samples look for it. */
function creationJson({ key, row }: CreatedKey): string {
  return JSON.stringify({ data: { ...keyJson(row, NO_USAGE), key }, key });
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

async function read(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const { accountId, hash, kinds } = targetOf(call);
  const row = isKeyHash(hash) ? await findKey(services.database.db, accountId, hash, kinds) : undefined;
  if (row === undefined) throw new TurnpikeError('not_found');
  return Response.json({ data: keyJson(row, await usageOf(services, hash)) });
}

async function change(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const target = targetOf(call);
  const changes = parseKeyPatch(await services.readJson(call.request));
  // Read before the write: after the commit nothing may fail any more, or the client would repeat it.
  const usage = await usageOf(services, target.hash);
  const row = await changeKey(services, target, changes);
  return Response.json({ data: keyJson(row, usage) });
}

async function remove(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  await deleteKey(services, targetOf(call));
  return Response.json({ deleted: true });
}

async function describe(services: KeyRouteServices, call: KeyCall): Promise<Response> {
  const { principal } = call;
  const [usage, freeRequests, hasPurchasedCredits, account] = await Promise.all([
    usageOf(services, principal.keyHash),
    services.freeRequests.ofAccount(principal.accountId),
    services.account.hasPurchasedCredits(principal.accountId),
    findAccount(services.database.db, principal.accountId),
  ]);
  const organizationId = account?.kind === 'organisation' ? account.id : null;
  return Response.json({
    data: currentKeyJson(principal, {
      ...{ usage, freeRequests, hasPurchasedCredits, organizationId },
      nowMs: services.clock.nowMs(),
    }),
  });
}

function targetOf(call: KeyCall): KeyTarget {
  return { accountId: call.principal.accountId, hash: call.params.hash ?? '', kinds: MANAGED };
}

async function usageOf(services: KeyRouteServices, hash: string): Promise<KeyUsage> {
  return (await services.usage.ofKeys([hash])).get(hash) ?? NO_USAGE;
}
