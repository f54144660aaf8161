/** The guardrail operations: OpenRouter's for management keys, and the same for administrators on our pages. */
import { invalidField } from '../errors.ts';
import { unavailableReason } from '../filters/filter.ts';
import {
  type Call,
  managementRoute,
  onlyReading,
  type Route,
  type SessionCall,
  sessionRoute,
} from '../http/route.ts';
import { shownHashesOf } from '../keys/key-names.ts';
import { accountGuardrailId } from '../policy/default-guardrail.ts';
import { findDefaultWorkspace, findWorkspace } from '../tenancy/tenants.ts';
import { assignKeys, assignMembers, unassign } from './assign.ts';
import { changeGuardrail, createGuardrail, deleteGuardrail } from './change-guardrail.ts';
import {
  parseGuardrailPatch,
  parseKeyHashes,
  parseNewGuardrail,
  parsePage,
  parseUserIds,
  parseWorkspace,
} from './fields.ts';
import { guardrailsOf, mustFindGuardrail, newGuardrail } from './find-guardrail.ts';
import { guardrailJson, keyAssignmentJson, memberAssignmentJson } from './guardrail-json.ts';
import { previewOf } from './preview.ts';
import type { GuardrailCaller, GuardrailServices } from './services.ts';
import { listAssignedKeys, listAssignedMembers } from './store.ts';

const byKey = (call: {
  principal: { accountId: string; creatorUserId: string | null };
}): GuardrailCaller => ({
  accountId: call.principal.accountId,
  userId: call.principal.creatorUserId,
});
const byUser = ({ session }: { session: { accountId: string; userId: string } }): GuardrailCaller => ({
  accountId: session.accountId,
  userId: session.userId,
});

type Operation = (services: GuardrailServices, call: Call, caller: GuardrailCaller) => Promise<Response>;

/** Paths that are words come before those with an id. */
const OPERATIONS: readonly (readonly ['GET' | 'POST' | 'PATCH' | 'DELETE', path: string, Operation])[] = [
  ['GET', '', list],
  ['POST', '', create],
  ['GET', '/assignments/keys', (services, call, caller) => listKeys(services, call, caller, null)],
  ['GET', '/assignments/members', (services, call, caller) => listMembers(services, call, caller, null)],
  ['GET', '/:id', read],
  ['PATCH', '/:id', change],
  ['DELETE', '/:id', remove],
  ['GET', '/:id/assignments/keys', (...of) => listKeys(...of, idIn(of[1]))],
  ['POST', '/:id/assignments/keys', bindKeys],
  ['POST', '/:id/assignments/keys/remove', freeKeys],
  ['GET', '/:id/assignments/members', (...of) => listMembers(...of, idIn(of[1]))],
  ['POST', '/:id/assignments/members', bindMembers],
  ['POST', '/:id/assignments/members/remove', freeMembers],
];

export function guardrailRoutes(services: GuardrailServices): Route[] {
  const page = '/api/dashboard/guardrails';
  const own = [
    sessionRoute('GET', `${page}/organisation`, 'admin', (call) => ofOrganisation(services, byUser(call))),
    onlyReading(
      sessionRoute('POST', `${page}/:id/preview`, 'admin', (call) => preview(services, call, byUser(call))),
    ),
  ];
  const operations = OPERATIONS.flatMap(([method, path, operation]) => [
    managementRoute(method, `/api/v1/guardrails${path}`, (call) => operation(services, call, byKey(call))),
    sessionRoute(method, `/api/dashboard/guardrails${path}`, 'admin', (call) =>
      operation(services, call, byUser(call)),
    ),
  ]);
  return [...own, ...operations];
}

/** Of every key in every workspace. */
async function ofOrganisation({ database: { db } }: GuardrailServices, { accountId }: GuardrailCaller) {
  const row = await mustFindGuardrail(db, accountId, accountGuardrailId(accountId));
  return Response.json({ data: guardrailJson(row) });
}

/** `new` in the place of an id: of one that is not stored yet. */
async function preview(
  services: GuardrailServices,
  call: SessionCall,
  { accountId }: GuardrailCaller,
): Promise<Response> {
  const { db } = services.database;
  const wanted = await parseGuardrailPatch(await services.readJson(call.request));
  const id = idIn(call);
  const before =
    id === 'new'
      ? newGuardrail({
          ...{ account_id: accountId, id, applies_to: 'assigned', name: '', created_at_ms: 0 },
          workspace_id: (await workspaceOf(db, accountId, parseWorkspace(call.url.searchParams))).id,
        })
      : await mustFindGuardrail(db, accountId, id);
  return Response.json({ data: await previewOf(services, before, wanted) });
}

const idIn = ({ params }: Call): string => params['id'] ?? '';

async function list(
  { database: { db } }: GuardrailServices,
  { url }: Call,
  { accountId }: GuardrailCaller,
): Promise<Response> {
  const page = parsePage(url.searchParams);
  const workspace = await workspaceOf(db, accountId, parseWorkspace(url.searchParams));
  const { rows, total } = await guardrailsOf(db, accountId, workspace, page);
  return Response.json({ data: rows.map(guardrailJson), total_count: total });
}

/** Null: the default one. A foreign one looks like one that does not exist. */
async function workspaceOf(
  db: GuardrailServices['database']['db'],
  accountId: string,
  wanted: string | null,
) {
  const found =
    wanted === null ? await findDefaultWorkspace(db, accountId) : await findWorkspace(db, accountId, wanted);
  if (found !== undefined) return found;
  throw invalidField(
    'workspace_id',
    wanted === null ? 'is required, because the default workspace was deleted' : 'names no workspace',
  );
}

async function create(services: GuardrailServices, call: Call, { accountId }: GuardrailCaller) {
  const wanted = await parseNewGuardrail(await services.readJson(call.request));
  const workspace = await workspaceOf(services.database.db, accountId, wanted.workspace_id ?? null);
  const row = await createGuardrail(services, accountId, workspace.id, wanted);
  return Response.json({ data: guardrailJson(row) }, { status: 201 });
}

async function read({ database }: GuardrailServices, call: Call, { accountId }: GuardrailCaller) {
  return Response.json({ data: guardrailJson(await mustFindGuardrail(database.db, accountId, idIn(call))) });
}

async function change(services: GuardrailServices, call: Call, { accountId }: GuardrailCaller) {
  const wanted = await parseGuardrailPatch(await services.readJson(call.request));
  const row = await changeGuardrail(services, accountId, idIn(call), wanted);
  return Response.json({ data: guardrailJson(row) }, { headers: warningOf(row) });
}

/** Which of the filters that were saved nobody will look for: the body has no place for it. */
function warningOf(row: Parameters<typeof guardrailJson>[0]): Record<string, string> {
  const idle = (guardrailJson(row).content_filter_builtins ?? []).filter(
    ({ slug }) => unavailableReason(slug) !== null,
  );
  if (idle.length === 0) return {};
  const slugs = idle.map(({ slug }) => slug).join(', ');
  return { 'x-turnpike-warning': `content_filter_builtins: ${slugs} cannot be looked for by this gateway` };
}

async function remove(services: GuardrailServices, call: Call, { accountId }: GuardrailCaller) {
  await deleteGuardrail(services, accountId, idIn(call));
  return Response.json({ deleted: true });
}

/** `id`: null, of every guardrail of the account. */
async function listKeys(
  { database: { db } }: GuardrailServices,
  { url }: Call,
  { accountId }: GuardrailCaller,
  id: string | null,
): Promise<Response> {
  const page = parsePage(url.searchParams);
  const guardrail = id === null ? null : (await mustFindGuardrail(db, accountId, id)).id;
  const { rows, total } = await listAssignedKeys(db, accountId, guardrail, page);
  const shown = await shownHashesOf(
    db,
    accountId,
    rows.map(({ key_hash }) => key_hash),
  );
  return Response.json({ data: rows.map((row) => keyAssignmentJson(row, shown)), total_count: total });
}

async function listMembers(
  { database: { db } }: GuardrailServices,
  { url }: Call,
  { accountId }: GuardrailCaller,
  id: string | null,
): Promise<Response> {
  const page = parsePage(url.searchParams);
  const guardrail = id === null ? null : (await mustFindGuardrail(db, accountId, id)).id;
  const { rows, total } = await listAssignedMembers(db, accountId, guardrail, page);
  return Response.json({ data: rows.map(memberAssignmentJson), total_count: total });
}

async function bindKeys(services: GuardrailServices, call: Call, caller: GuardrailCaller) {
  const hashes = parseKeyHashes(await services.readJson(call.request));
  return Response.json({ assigned_count: await assignKeys(services, caller, idIn(call), hashes) });
}

async function freeKeys(services: GuardrailServices, call: Call, caller: GuardrailCaller) {
  const hashes = parseKeyHashes(await services.readJson(call.request));
  return Response.json({ unassigned_count: await unassign(services, caller, idIn(call), 'key', hashes) });
}

async function bindMembers(services: GuardrailServices, call: Call, caller: GuardrailCaller) {
  const userIds = parseUserIds(await services.readJson(call.request));
  return Response.json({ assigned_count: await assignMembers(services, caller, idIn(call), userIds) });
}

async function freeMembers(services: GuardrailServices, call: Call, caller: GuardrailCaller) {
  const userIds = parseUserIds(await services.readJson(call.request));
  return Response.json({ unassigned_count: await unassign(services, caller, idIn(call), 'member', userIds) });
}
