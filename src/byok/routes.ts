/** The own-key operations: OpenRouter's for management keys, and the same for administrators on our pages. */
import { invalidField, TurnpikeError } from '../errors.ts';
import { type Call, managementRoute, type Route, sessionRoute } from '../http/route.ts';
import { UUID } from '../keys/key-fields.ts';
import { findDefaultWorkspace, findWorkspace } from '../tenancy/tenants.ts';
import type { ByokServices } from './build.ts';
import { changeOwnKey, createOwnKey, deleteOwnKey, orderOwnKeys } from './change-own-key.ts';
import { parseNewOwnKey, parseOrder, parseOwnKeyPage, parseOwnKeyPatch } from './fields.ts';
import { ownKeysJson } from './own-key-json.ts';
import { findOwnKey, listOwnKeys, type OwnKeyRow } from './store.ts';

interface Caller {
  readonly accountId: string;
  readonly userId: string | null;
  readonly isPage: boolean;
}

const byKey = (call: { principal: { accountId: string; creatorUserId: string | null } }): Caller => ({
  accountId: call.principal.accountId,
  userId: call.principal.creatorUserId,
  isPage: false,
});
const byUser = (call: { session: { accountId: string; userId: string } }): Caller => ({
  accountId: call.session.accountId,
  userId: call.session.userId,
  isPage: true,
});

const API = '/api/v1/byok';
const PAGE = '/api/dashboard/byok';

export function byokRoutes(services: ByokServices): Route[] {
  return [
    managementRoute('GET', API, (call) => list(services, call, byKey(call))),
    managementRoute('POST', API, (call) => create(services, call, byKey(call))),
    managementRoute('GET', `${API}/:id`, (call) => read(services, call, byKey(call))),
    managementRoute('PATCH', `${API}/:id`, (call) => change(services, call, byKey(call))),
    managementRoute('DELETE', `${API}/:id`, (call) => remove(services, call, byKey(call))),
    // Ours: asks the provider whether it takes the key.
    managementRoute('POST', `${API}/:id/test`, (call) => tryOut(services, call, byKey(call))),
    sessionRoute('GET', PAGE, 'admin', (call) => list(services, call, byUser(call))),
    sessionRoute('POST', PAGE, 'admin', (call) => create(services, call, byUser(call))),
    sessionRoute('GET', '/api/dashboard/byok-providers', 'admin', () =>
      Response.json({ data: services.providers(), fee: services.fee }),
    ),
    sessionRoute('PUT', '/api/dashboard/byok-order', 'admin', (call) =>
      reorder(services, call, byUser(call)),
    ),
    sessionRoute('GET', `${PAGE}/:id`, 'admin', (call) => read(services, call, byUser(call))),
    sessionRoute('PATCH', `${PAGE}/:id`, 'admin', (call) => change(services, call, byUser(call))),
    sessionRoute('DELETE', `${PAGE}/:id`, 'admin', (call) => remove(services, call, byUser(call))),
    sessionRoute('POST', `${PAGE}/:id/test`, 'admin', (call) => tryOut(services, call, byUser(call))),
  ];
}

async function list(services: ByokServices, { url }: Call, caller: Caller): Promise<Response> {
  const { db } = services.database;
  const { workspaceId, ...page } = parseOwnKeyPage(url.searchParams);
  // Pages show what there is in every workspace, as their people manage all of them.
  const place =
    caller.isPage && workspaceId === null
      ? null
      : await workspaceOf(services, caller.accountId, workspaceId ?? undefined);
  const { rows, total } = await listOwnKeys(db, { ...page, accountId: caller.accountId, workspaceId: place });
  return Response.json({ data: await ownKeysJson(db, rows), total_count: total });
}

async function create(services: ByokServices, call: Call, caller: Caller): Promise<Response> {
  const wanted = parseNewOwnKey(await services.readJson(call.request), caller.isPage);
  const workspaceId =
    wanted.workspace_id === null ? null : await workspaceOf(services, caller.accountId, wanted.workspace_id);
  const row = await createOwnKey(services, caller, workspaceId, wanted);
  return await one(services, row, 201);
}

async function one({ database }: ByokServices, row: OwnKeyRow, status = 200): Promise<Response> {
  const [data] = await ownKeysJson(database.db, [row]);
  return Response.json({ data }, { status });
}

/** Undefined: the default one. A foreign one looks like one that does not exist. */
async function workspaceOf(
  { database: { db } }: ByokServices,
  accountId: string,
  wanted: string | undefined,
): Promise<string> {
  if (wanted === undefined) {
    const found = await findDefaultWorkspace(db, accountId);
    if (found === undefined)
      throw invalidField('workspace_id', 'is required, because the default workspace was deleted');
    return found.id;
  }
  const found = await findWorkspace(db, accountId, wanted);
  if (found === undefined) throw invalidField('workspace_id', 'names no workspace');
  return found.id;
}

async function read(services: ByokServices, { params }: Call, { accountId }: Caller): Promise<Response> {
  return await one(services, await mustFind(services, accountId, params['id'] ?? ''));
}

async function mustFind({ database }: ByokServices, accountId: string, id: string) {
  const row = UUID.test(id) ? await findOwnKey(database.db, accountId, id.toLowerCase()) : undefined;
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}

async function change(services: ByokServices, call: Call, { accountId }: Caller): Promise<Response> {
  const wanted = parseOwnKeyPatch(await services.readJson(call.request));
  const row = await changeOwnKey(services, accountId, call.params['id'] ?? '', wanted);
  return await one(services, row);
}

async function remove(services: ByokServices, { params }: Call, { accountId }: Caller): Promise<Response> {
  await deleteOwnKey(services, accountId, params['id'] ?? '');
  return Response.json({ deleted: true });
}

async function reorder(services: ByokServices, call: Call, { accountId }: Caller): Promise<Response> {
  await orderOwnKeys(services, accountId, parseOrder(await services.readJson(call.request)));
  return Response.json({ data: { ordered: true } });
}

async function tryOut(services: ByokServices, { params }: Call, { accountId }: Caller): Promise<Response> {
  const row = await mustFind(services, accountId, params['id'] ?? '');
  return Response.json(
    { data: await services.test(row.account_id, row.id) },
    { headers: { 'cache-control': 'no-store' } },
  );
}
