/** Workspaces, their members and the organisation: OpenRouter's operations for management keys, and the same for people on our pages. */
import { hasRole } from '../auth/session.ts';
import { endLimitsOf } from '../budgets/end-limits.ts';
import { endOwnKeysOf } from '../byok/end-own-keys.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { deleteGuardrailsOfWorkspace } from '../guardrails/change-guardrail.ts';
import {
  type Call,
  type KeyCall,
  managementRoute,
  type Route,
  type SessionCall,
  sessionRoute,
} from '../http/route.ts';
import { pageOf, single } from '../query.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import { listWorkspaces, pageOfWorkspaces, type Workspace } from '../tenancy/tenants.ts';
import { mustHaveWorkspaceRole, workspaceRoleOf } from '../tenancy/workspace-rights.ts';
import type { PageWorkspace } from './answers.ts';
import { externalUserRoutes } from './external-users/routes.ts';
import { parseNewWorkspace, parsePeople, parseRole, parseWorkspacePatch } from './fields.ts';
import {
  addMembers,
  changeMemberRole,
  listMembersOf,
  memberJson,
  pageMemberJson,
  removeMembers,
} from './members.ts';
import { changeOrganizationSettings, organizationMembers, readOrganizationSettings } from './organization.ts';
import { workspaceJson } from './workspace-json.ts';
import {
  changeWorkspace,
  createWorkspace,
  type Described,
  deleteWorkspace,
  described,
  mustFindWorkspace,
  type WorkspaceServices,
} from './workspaces.ts';

export interface WorkspaceRouteServices extends WorkspaceServices {
  readonly readJson: (request: Request) => Promise<unknown>;
}

const API = '/api/v1/workspaces';
const PAGE = '/api/dashboard/workspaces';
const CONFIRMATION = 'confirm_default_workspace_deletion';

/** Everything of this folder, from what the composition root has. */
export function workspaceRoutes(options: Omit<WorkspaceRouteServices, 'endings'>): Route[] {
  const services = { ...options, endings: [endOwnKeysOf, deleteGuardrailsOfWorkspace, endLimitsOf] };
  return [
    ...managementRoutes(services),
    ...organizationRoutes(services),
    ...pageRoutes(services),
    ...externalUserRoutes(services),
  ];
}

function managementRoutes(services: WorkspaceRouteServices): Route[] {
  const { readJson } = services;
  return [
    managementRoute('GET', API, (call) => list(services, call)),
    managementRoute('POST', API, async (call) => {
      const { accountId, creatorUserId: userId } = call.principal;
      const wanted = parseNewWorkspace(await readJson(call.request));
      return answer(await createWorkspace(services, { accountId, userId }, wanted), 201);
    }),
    managementRoute('GET', `${API}/:id`, async (call) => {
      const [found] = await described(services, [await asked(services, call)]);
      if (found === undefined) throw new TurnpikeError('not_found');
      return answer(found);
    }),
    managementRoute('PATCH', `${API}/:id`, async (call) => {
      const { account_id: accountId, id } = await asked(services, call);
      const wanted = parseWorkspacePatch(await readJson(call.request));
      return answer(await changeWorkspace(services, accountId, id, wanted));
    }),
    managementRoute('DELETE', `${API}/:id`, async (call) => {
      const isConfirmed = isAsked(call, CONFIRMATION);
      const { account_id: accountId, id } = await asked(services, call);
      await deleteWorkspace(services, accountId, id, isConfirmed);
      return Response.json({ deleted: true });
    }),
    managementRoute('GET', `${API}/:id/members`, async (call) => {
      const page = pageOf(call.url.searchParams);
      const workspace = await asked(services, call);
      const { rows, total } = await listMembersOf(services, workspace, page);
      const data = rows.map(({ person, membership }) => memberJson(workspace, person, membership));
      return Response.json({ data, total_count: total });
    }),
    managementRoute('POST', `${API}/:id/members/add`, async (call) => {
      const workspace = await asked(services, call);
      return await add(services, workspace, call);
    }),
    managementRoute('POST', `${API}/:id/members/remove`, async (call) => {
      const workspace = await asked(services, call);
      return await remove(services, workspace, call);
    }),
  ];
}

function organizationRoutes(services: WorkspaceRouteServices): Route[] {
  const { db } = services.database;
  const change = async (accountId: string, request: Request) =>
    Response.json({
      data: await changeOrganizationSettings(services, accountId, await services.readJson(request)),
    });
  return [
    managementRoute('GET', '/api/v1/organization/members', async ({ principal, url }) => {
      const { offset, limit } = pageOf(url.searchParams);
      const all = await organizationMembers(services, principal.accountId);
      return Response.json({ data: all.slice(offset, offset + limit), total_count: all.length });
    }),
    managementRoute('GET', '/api/v1/organization/settings', async ({ principal }) =>
      Response.json({ data: await readOrganizationSettings(db, principal.accountId) }),
    ),
    managementRoute('PATCH', '/api/v1/organization/settings', ({ principal, request }) =>
      change(principal.accountId, request),
    ),
    sessionRoute('GET', '/api/dashboard/organisation/rules', 'admin', async ({ session }) =>
      Response.json({ data: await readOrganizationSettings(db, session.accountId) }),
    ),
    sessionRoute('PATCH', '/api/dashboard/organisation/rules', 'admin', ({ session, request }) =>
      change(session.accountId, request),
    ),
  ];
}

/** Who may do what within one, its own admins among them, is `tenancy/workspace-rights.ts`'s to say. */
function pageRoutes(services: WorkspaceRouteServices): Route[] {
  const { readJson } = services;
  return [
    sessionRoute('GET', PAGE, 'member', (call) => listForPages(services, call)),
    sessionRoute('POST', PAGE, 'admin', async (call) => {
      const wanted = parseNewWorkspace(await readJson(call.request));
      const made = await createWorkspace(services, call.session, wanted);
      return Response.json({ data: pageJson(made, 'admin') }, { status: 201 });
    }),
    sessionRoute('GET', `${PAGE}/:id`, 'member', async (call) => {
      const { workspace, role } = await theirs(services, call, 'member');
      const [found] = await described(services, [workspace]);
      if (found === undefined) throw new TurnpikeError('not_found');
      return Response.json({ data: pageJson(found, role) });
    }),
    sessionRoute('PATCH', `${PAGE}/:id`, 'member', async (call) => {
      const { workspace, role } = await theirs(services, call, 'admin');
      const wanted = parseWorkspacePatch(await readJson(call.request));
      mustMayKeep(call, wanted);
      const changed = await changeWorkspace(services, workspace.account_id, workspace.id, wanted);
      return Response.json({ data: pageJson(changed, role) });
    }),
    sessionRoute('DELETE', `${PAGE}/:id`, 'admin', async (call) => {
      const isConfirmed = isAsked(call, CONFIRMATION);
      const { workspace } = await theirs(services, call, 'admin');
      await deleteWorkspace(services, workspace.account_id, workspace.id, isConfirmed);
      return Response.json({ deleted: true });
    }),
    sessionRoute('GET', `${PAGE}/:id/members`, 'member', async (call) => {
      const page = pageOf(call.url.searchParams);
      const { workspace } = await theirs(services, call, 'member');
      const { rows, total } = await listMembersOf(services, workspace, page);
      const { userId } = call.session;
      const data = rows.map(({ person, membership }) =>
        pageMemberJson(workspace, person, membership, userId),
      );
      return Response.json({ data, total_count: total });
    }),
    sessionRoute('POST', `${PAGE}/:id/members/add`, 'member', async (call) => {
      const { workspace } = await theirs(services, call, 'admin');
      return await add(services, workspace, call);
    }),
    sessionRoute('POST', `${PAGE}/:id/members/remove`, 'member', async (call) => {
      const { workspace } = await theirs(services, call, 'admin');
      return await remove(services, workspace, call);
    }),
    sessionRoute('PATCH', `${PAGE}/:id/members/:userId`, 'member', async (call) => {
      const { workspace } = await theirs(services, call, 'admin');
      const role = parseRole(await readJson(call.request));
      await changeMemberRole(services, workspace, call.params['userId'] ?? '', role);
      return Response.json({ data: { user_id: call.params['userId'] ?? '', role } });
    }),
  ];
}

async function list(services: WorkspaceRouteServices, { principal, url }: KeyCall): Promise<Response> {
  const page = pageOf(url.searchParams);
  const { rows, total } = await pageOfWorkspaces(services.database.db, principal.accountId, page);
  const all = await described(services, rows);
  return Response.json({ data: all.map(({ row, kept }) => workspaceJson(row, kept)), total_count: total });
}

/** Those that are theirs. */
async function listForPages(services: WorkspaceRouteServices, { session }: SessionCall): Promise<Response> {
  const { db } = services.database;
  const rows = await listWorkspaces(db, session.accountId);
  const roles = await Promise.all(rows.map((row) => workspaceRoleOf(db, row, session)));
  const all = await described(services, rows);
  const data = all.flatMap((one, at) => {
    const role = roles[at] ?? null;
    return role === null ? [] : [pageJson(one, role)];
  });
  return Response.json({ data, total_count: data.length });
}

const asked = (services: WorkspaceRouteServices, { principal, params }: KeyCall): Promise<Workspace> =>
  mustFindWorkspace(services.database.db, principal.accountId, params['id'] ?? '');

async function theirs(
  services: WorkspaceRouteServices,
  { session, params }: SessionCall,
  atLeast: WorkspaceRole,
): Promise<{ workspace: Workspace; role: WorkspaceRole }> {
  const { db } = services.database;
  const workspace = await mustFindWorkspace(db, session.accountId, params['id'] ?? '');
  return { workspace, role: await mustHaveWorkspaceRole(db, workspace, session, atLeast) };
}

/** What people said is kept for those who manage the organisation, so that they alone say whether it is. */
function mustMayKeep({ session }: SessionCall, wanted: ReturnType<typeof parseWorkspacePatch>): void {
  const isAboutContent =
    wanted.is_observability_io_logging_enabled !== undefined ||
    wanted.io_logging_sampling_rate !== undefined ||
    wanted.io_logging_api_key_ids !== undefined;
  if (isAboutContent && !hasRole(session, 'admin')) throw new TurnpikeError('role_required');
}

async function add(services: WorkspaceRouteServices, workspace: Workspace, call: Call): Promise<Response> {
  const people = parsePeople(await services.readJson(call.request));
  const data = await addMembers(services, workspace, people);
  return Response.json({ added_count: data.length, data });
}

async function remove(services: WorkspaceRouteServices, workspace: Workspace, call: Call): Promise<Response> {
  const people = parsePeople(await services.readJson(call.request));
  return Response.json({ removed_count: await removeMembers(services, workspace, people) });
}

function answer({ row, kept }: Described, status = 200): Response {
  return Response.json({ data: workspaceJson(row, kept) }, { status });
}

function pageJson({ row, kept }: Described, role: WorkspaceRole): PageWorkspace {
  return { ...workspaceJson(row, kept), is_default: row.is_default === 1, role };
}

function isAsked({ url }: Call, name: string): boolean {
  const value = single(url.searchParams, name) ?? 'false';
  if (value !== 'true' && value !== 'false') throw invalidRequest(`${name}: must be "true" or "false"`);
  return value === 'true';
}
