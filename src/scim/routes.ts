/** SCIM 2.0 for identity providers (RFC 7644), and OpenRouter's operations on groups, mappings and sync jobs. */
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import {
  type Call,
  type KeyCall,
  type Method,
  managementRoute,
  type Route,
  sessionRoute,
} from '../http/route.ts';
import type { JsonObject } from '../json.ts';
import { pageOf, single } from '../query.ts';
import type { ScimOverview } from './answers.ts';
import { describeService, RESOURCE_TYPES, SCHEMAS } from './discovery.ts';
import { matches, parseFilter } from './filter.ts';
import { listed, parseMapping, parseMappingRole, parseScimPage } from './listing.ts';
import {
  changeMapping,
  createMapping,
  jobJson,
  mappingJson,
  mustFindMapping,
  removeMapping,
  startSync,
} from './mappings.ts';
import {
  createGroup,
  createUser,
  deleteGroup,
  deleteUser,
  mustFindGroup,
  notFound,
  patchGroup,
  patchUser,
  replaceGroup,
  replaceUser,
  type ScimServices,
} from './provisioning.ts';
import { groupJson, userJson } from './resource.ts';
import { SCIM_ERRORS } from './scim-error.ts';
import {
  countUsers,
  findJob,
  findUser,
  findUserByName,
  groupsOfUsers,
  listGroups,
  listMappings,
  listUsers,
  membersOfGroups,
} from './store.ts';

export interface ScimRouteServices extends ScimServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

const API = '/api/v1/scim';
const BASE = '/scim/v2';

export function scimRoutes(services: ScimRouteServices): Route[] {
  return [...protocolRoutes(services), ...mappingRoutes(services), ...pageRoutes(services)];
}

function protocolRoutes(services: ScimRouteServices): Route[] {
  const { readJson } = services;
  const route = (method: Method, path: string, handle: (call: KeyCall) => Promise<Response>): Route => ({
    ...managementRoute(method, `${BASE}${path}`, handle),
    errorForm: SCIM_ERRORS,
  });
  const idOf = ({ params }: Call) => (params['id'] ?? '').toLowerCase();
  const accountOf = ({ principal }: KeyCall) => principal.accountId;
  return [
    route('GET', '/ServiceProviderConfig', async () => scim(describeService(services.baseUrl))),
    route('GET', '/ResourceTypes', async () => scim(listed(RESOURCE_TYPES(services.baseUrl)))),
    route('GET', '/Schemas', async () => scim(listed(SCHEMAS))),
    route('GET', '/Users', (call) => listUsersOf(services, call)),
    route('POST', '/Users', async (call) =>
      made(await createUser(services, accountOf(call), await readJson(call.request))),
    ),
    route('GET', '/Users/:id', async (call) => {
      const row = await findUser(services.database.db, accountOf(call), idOf(call));
      if (row === undefined) throw notFound('User');
      const groups = await groupsOfUsers(services.database.db, [row.id]);
      return scim(
        userJson(
          row,
          groups.map(({ group }) => group),
          services.baseUrl,
        ),
      );
    }),
    route('PUT', '/Users/:id', async (call) =>
      scim(await replaceUser(services, accountOf(call), idOf(call), await readJson(call.request))),
    ),
    route('PATCH', '/Users/:id', async (call) =>
      scim(await patchUser(services, accountOf(call), idOf(call), await readJson(call.request))),
    ),
    route('DELETE', '/Users/:id', async (call) => {
      await deleteUser(services, accountOf(call), idOf(call));
      return new Response(null, { status: 204 });
    }),
    route('GET', '/Groups', (call) => listGroupsOf(services, call)),
    route('POST', '/Groups', async (call) =>
      made(await createGroup(services, accountOf(call), await readJson(call.request))),
    ),
    route('GET', '/Groups/:id', async (call) => {
      const row = await mustFindGroup(services.database.db, accountOf(call), idOf(call));
      const members = await membersOfGroups(services.database.db, [row.id]);
      const { excluded } = parseScimPage(call.url.searchParams);
      return scim(without(groupJson(row, members, services.baseUrl), excluded));
    }),
    route('PUT', '/Groups/:id', async (call) =>
      scim(await replaceGroup(services, accountOf(call), idOf(call), await readJson(call.request))),
    ),
    route('PATCH', '/Groups/:id', async (call) =>
      scim(await patchGroup(services, accountOf(call), idOf(call), await readJson(call.request))),
    ),
    route('DELETE', '/Groups/:id', async (call) => {
      await deleteGroup(services, accountOf(call), idOf(call));
      return new Response(null, { status: 204 });
    }),
  ];
}

/** What identity providers ask before each change, by the name alone, is one look-up. */
async function listUsersOf(services: ScimRouteServices, { url, principal }: KeyCall): Promise<Response> {
  const { db } = services.database;
  const { accountId } = principal;
  const page = parseScimPage(url.searchParams);
  const filter = page.filter === null ? null : parseFilter(page.filter);
  const isByName =
    filter?.kind === 'compare' &&
    filter.operator === 'eq' &&
    filter.path.toLowerCase() === 'username' &&
    typeof filter.value === 'string';
  const found = isByName
    ? await findUserByName(db, accountId, String(filter.value).toLowerCase())
    : undefined;
  const rows = isByName ? (found === undefined ? [] : [found]) : await listUsers(db, accountId);
  const groups = await groupsOfUsers(
    db,
    rows.map(({ id }) => id),
  );
  const all = rows.map((row) =>
    userJson(
      row,
      groups.filter(({ scimUserId }) => scimUserId === row.id).map(({ group }) => group),
      services.baseUrl,
    ),
  );
  const matching = filter === null ? all : all.filter((user) => matches(filter, user));
  return scim(listed(matching, page, (user) => without(user, page.excluded)));
}

async function listGroupsOf(services: ScimRouteServices, { url, principal }: KeyCall): Promise<Response> {
  const { db } = services.database;
  const page = parseScimPage(url.searchParams);
  const filter = page.filter === null ? null : parseFilter(page.filter);
  const rows = await listGroups(db, principal.accountId);
  const members = await membersOfGroups(
    db,
    rows.map(({ id }) => id),
  );
  const all = rows.map((row) =>
    groupJson(
      row,
      members.filter(({ groupId }) => groupId === row.id),
      services.baseUrl,
    ),
  );
  const matching = filter === null ? all : all.filter((group) => matches(filter, group));
  return scim(listed(matching, page, (group) => without(group, page.excluded)));
}

function without(resource: JsonObject, excluded: ReadonlySet<string>): JsonObject {
  if (excluded.size === 0) return resource;
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !excluded.has(name.toLowerCase())));
}

function mappingRoutes(services: ScimRouteServices): Route[] {
  const { database, readJson } = services;
  const idOf = ({ params }: Call) => params['id'] ?? '';
  return [
    managementRoute('GET', `${API}/groups`, async ({ principal, url }) => {
      const { offset, limit } = pageOf(url.searchParams);
      const all = await listGroups(database.db, principal.accountId);
      const data = all.slice(offset, offset + limit).map((row) => ({
        ...{ id: row.id, organization_id: row.account_id, display_name: row.display_name },
        external_id: row.external_id,
        created_at: isoFromMs(row.created_at_ms),
        updated_at: isoFromMs(row.updated_at_ms),
      }));
      return Response.json({ data, total_count: all.length });
    }),
    managementRoute('GET', `${API}/group-mappings`, async ({ principal, url }) => {
      const { offset, limit } = pageOf(url.searchParams);
      const all = await listMappings(database.db, principal.accountId);
      return Response.json({
        data: all.slice(offset, offset + limit).map(mappingJson),
        total_count: all.length,
      });
    }),
    managementRoute('POST', `${API}/group-mappings`, async ({ principal, request }) => {
      const wish = parseMapping(await readJson(request));
      const row = await createMapping(services, principal.accountId, wish);
      return Response.json({ data: mappingJson(row) }, { status: 201 });
    }),
    managementRoute('GET', `${API}/group-mappings/:id`, async (call) => {
      const row = await mustFindMapping(database.db, call.principal.accountId, idOf(call));
      return Response.json({ data: mappingJson(row) });
    }),
    managementRoute('PATCH', `${API}/group-mappings/:id`, async (call) => {
      const { accountId } = call.principal;
      const { id } = await mustFindMapping(database.db, accountId, idOf(call));
      const role = parseMappingRole(await readJson(call.request));
      return Response.json({ data: mappingJson(await changeMapping(services, accountId, id, role)) });
    }),
    managementRoute('DELETE', `${API}/group-mappings/:id`, async (call) => {
      const keep = single(call.url.searchParams, 'keep_members');
      if (keep !== 'true' && keep !== 'false')
        throw new TurnpikeError('invalid_request', { message: 'keep_members: must be "true" or "false"' });
      const { accountId } = call.principal;
      const { id } = await mustFindMapping(database.db, accountId, idOf(call));
      await removeMapping(services, accountId, id, keep === 'true');
      return Response.json({ deleted: true });
    }),
    managementRoute('POST', `${API}/sync-jobs`, async ({ principal }) => {
      const { job } = await startSync(services, principal.accountId);
      const headers = { location: `${API}/sync-jobs/${job.id}` };
      return Response.json({ data: jobJson(job) }, { status: 202, headers });
    }),
    managementRoute('GET', `${API}/sync-jobs/:id`, async (call) => {
      const row = await findJob(database.db, call.principal.accountId, idOf(call).toLowerCase());
      if (row === undefined) throw new TurnpikeError('not_found');
      return Response.json({ data: jobJson(row) });
    }),
  ];
}

/** The same for those who manage the organisation, on one page. */
function pageRoutes(services: ScimRouteServices): Route[] {
  const { database, readJson } = services;
  const PAGE = '/api/dashboard/scim';
  return [
    sessionRoute('GET', PAGE, 'admin', async ({ session }) => {
      const { accountId } = session;
      const [groups, mappings, people] = await Promise.all([
        listGroups(database.db, accountId),
        listMappings(database.db, accountId),
        countUsers(database.db, accountId),
      ]);
      const members = await membersOfGroups(
        database.db,
        groups.map(({ id }) => id),
      );
      const overview: ScimOverview = {
        ...{ base_url: services.baseUrl, users: people.users, active_users: people.active },
        groups: groups.map(({ id, display_name }) => ({
          ...{ id, display_name },
          members: members.filter(({ groupId }) => groupId === id).length,
        })),
        mappings: mappings.map(mappingJson),
      };
      return Response.json({ data: overview });
    }),
    sessionRoute('POST', `${PAGE}/group-mappings`, 'admin', async ({ session, request }) => {
      const wish = parseMapping(await readJson(request));
      const row = await createMapping(services, session.accountId, wish);
      return Response.json({ data: mappingJson(row) }, { status: 201 });
    }),
    sessionRoute('DELETE', `${PAGE}/group-mappings/:id`, 'admin', async ({ session, params, url }) => {
      const keep = single(url.searchParams, 'keep_members');
      if (keep !== 'true' && keep !== 'false')
        throw new TurnpikeError('invalid_request', { message: 'keep_members: must be "true" or "false"' });
      const { id } = await mustFindMapping(database.db, session.accountId, params['id'] ?? '');
      await removeMapping(services, session.accountId, id, keep === 'true');
      return Response.json({ deleted: true });
    }),
  ];
}

const CONTENT_TYPE = { 'content-type': 'application/scim+json' };

function scim(body: JsonObject, status = 200): Response {
  return Response.json(body, { status, headers: CONTENT_TYPE });
}

function made(resource: JsonObject): Response {
  const meta = resource['meta'] as { location: string };
  return Response.json(resource, { status: 201, headers: { ...CONTENT_TYPE, location: meta.location } });
}
