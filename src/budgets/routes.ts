/**
 * What limits a workspace: OpenRouter's budgets, and our own budgets of tags, rate limits and alerts. For management keys, and for
 * people on our pages: members of a workspace read them, its administrators change them.
 */

import { findBudgets, findLimits, findRateLimits, percentsOf } from '../allowances/read-allowances.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import {
  type Call,
  type Method,
  managementRoute,
  type Route,
  type SessionCall,
  sessionRoute,
} from '../http/route.ts';
import type { RateLimitTable } from '../storage/limit-tables.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import { findDefaultWorkspace, findWorkspaceByRef, type Workspace } from '../tenancy/tenants.ts';
import { mustHaveWorkspaceRole } from '../tenancy/workspace-rights.ts';
import { alertJson, budgetJson, rateLimitJson } from './budget-json.ts';
import { removeBudget, setBudget } from './change-budget.ts';
import { addRateLimit, changeRateLimit, removeRateLimit } from './change-rate-limit.ts';
import { addTagBudget, changeTagBudget, removeTagBudget, setAlertPercents } from './change-tag-budget.ts';
import {
  INTERVALS,
  parseAlertPage,
  parseAlertPercents,
  parseBudget,
  parseInterval,
  parseRateLimit,
  parseRateLimitPatch,
  parseTagBudget,
  parseTagBudgetPatch,
} from './fields.ts';
import { withShownTargets } from './rate-target.ts';
import { type BudgetServices, limitsPage, tagBudgetsJson } from './read-budgets.ts';
import { listAlerts } from './store.ts';

type Handle = (services: BudgetServices, workspace: Workspace, call: Call) => Response | Promise<Response>;

const PATHS: readonly (readonly [Method, string, Handle])[] = [
  ['GET', '/budgets', listBudgets],
  ['GET', '/budgets/:interval', readBudget],
  ['PUT', '/budgets/:interval', putBudget],
  ['DELETE', '/budgets/:interval', deleteBudget],
  ['GET', '/tag-budgets', listTagBudgets],
  ['POST', '/tag-budgets', createTagBudget],
  ['PATCH', '/tag-budgets/:budgetId', patchTagBudget],
  ['DELETE', '/tag-budgets/:budgetId', deleteTagBudget],
  ['GET', '/rate-limits', listRateLimits],
  ['POST', '/rate-limits', createRateLimit],
  ['PATCH', '/rate-limits/:limitId', patchRateLimit],
  ['DELETE', '/rate-limits/:limitId', deleteRateLimit],
  ['GET', '/budget-alerts', listBudgetAlerts],
  ['PUT', '/budget-alerts', putAlertPercents],
];

export function budgetRoutes(services: BudgetServices): Route[] {
  const page = '/api/dashboard/workspaces/:id';
  return [
    ...PATHS.map(([method, path, handle]) =>
      managementRoute(method, `/api/v1/workspaces/:id${path}`, async (call) =>
        handle(services, await workspaceOf(services, call.principal.accountId, call), call),
      ),
    ),
    // All of it at once.
    sessionRoute('GET', `${page}/limits`, 'member', async (call) => limits(services, call)),
    ...PATHS.filter(([method]) => method !== 'GET').map(([method, path, handle]) =>
      sessionRoute(method, page + path, 'member', async (call) =>
        handle(services, await theirs(services, call, 'admin'), call),
      ),
    ),
  ];
}

/** Of their own alone: its members read, its admins change. */
async function theirs(
  services: BudgetServices,
  call: SessionCall,
  atLeast: WorkspaceRole,
): Promise<Workspace> {
  const workspace = await workspaceOf(services, call.session.accountId, call);
  await mustHaveWorkspaceRole(services.database.db, workspace, call.session, atLeast);
  return workspace;
}

async function limits(services: BudgetServices, call: SessionCall): Promise<Response> {
  const workspace = await workspaceOf(services, call.session.accountId, call);
  const role = await mustHaveWorkspaceRole(services.database.db, workspace, call.session, 'member');
  return Response.json({ data: await limitsPage(services, workspace, role) });
}

/** By its id or its slug; another account's looks like none. */
async function workspaceOf(
  { database: { db } }: BudgetServices,
  accountId: string,
  { params }: Call,
): Promise<Workspace> {
  const ref = params['id'] ?? '';
  const workspace =
    (await findWorkspaceByRef(db, accountId, ref)) ??
    // However it is called by now: our own page asks for it so.
    (ref === 'default' ? await findDefaultWorkspace(db, accountId) : undefined);
  if (workspace === undefined) throw new TurnpikeError('not_found');
  return workspace;
}

async function listBudgets(services: BudgetServices, { id }: Workspace): Promise<Response> {
  const { db } = services.database;
  const [rows, limits] = await Promise.all([findBudgets(db, id), findLimits(db, id)]);
  rows.sort((one, other) => INTERVALS.indexOf(one.period) - INTERVALS.indexOf(other.period));
  return Response.json({
    data: rows.map(budgetJson),
    include_byok_in_budgets: limits?.include_byok_in_budgets === 1,
  });
}

async function readBudget(services: BudgetServices, { id }: Workspace, call: Call): Promise<Response> {
  const interval = parseInterval(call.params['interval'] ?? '');
  const { db } = services.database;
  const [rows, limits] = await Promise.all([findBudgets(db, id), findLimits(db, id)]);
  const row = rows.find((one) => one.period === interval);
  if (row === undefined) throw new TurnpikeError('not_found');
  return Response.json({
    data: budgetJson(row),
    include_byok_in_budgets: limits?.include_byok_in_budgets === 1,
  });
}

async function putBudget(services: BudgetServices, workspace: Workspace, call: Call): Promise<Response> {
  const interval = parseInterval(call.params['interval'] ?? '');
  const wish = parseBudget(await services.readJson(call.request));
  const { row, includesByok } = await setBudget(services, workspace, interval, wish);
  return Response.json({ data: budgetJson(row), include_byok_in_budgets: includesByok });
}

async function deleteBudget(services: BudgetServices, workspace: Workspace, call: Call): Promise<Response> {
  await removeBudget(services, workspace, parseInterval(call.params['interval'] ?? ''));
  return Response.json({ deleted: true });
}

async function listTagBudgets(services: BudgetServices, workspace: Workspace): Promise<Response> {
  return Response.json({ data: await tagBudgetsJson(services, workspace.id) });
}

async function createTagBudget(
  services: BudgetServices,
  workspace: Workspace,
  call: Call,
): Promise<Response> {
  const wish = parseTagBudget(await services.readJson(call.request));
  if (!services.tagNames.has(wish.tag))
    throw invalidField('tag', 'is no tag that this gateway keeps: the operator names those in figures.tags');
  const { id } = await addTagBudget(services, workspace, wish);
  return await oneTagBudget(services, workspace, id, 201);
}

async function patchTagBudget(services: BudgetServices, workspace: Workspace, call: Call): Promise<Response> {
  const id = call.params['budgetId'] ?? '';
  const limitNanoUsd = parseTagBudgetPatch(await services.readJson(call.request));
  await changeTagBudget(services, workspace, id, limitNanoUsd);
  return await oneTagBudget(services, workspace, id, 200);
}

async function oneTagBudget(
  services: BudgetServices,
  workspace: Workspace,
  id: string,
  status: number,
): Promise<Response> {
  const made = (await tagBudgetsJson(services, workspace.id)).find((budget) => budget.id === id);
  return Response.json({ data: made }, { status });
}

async function deleteTagBudget(
  services: BudgetServices,
  workspace: Workspace,
  call: Call,
): Promise<Response> {
  await removeTagBudget(services, workspace, call.params['budgetId'] ?? '');
  return Response.json({ deleted: true });
}

async function listRateLimits(services: BudgetServices, { id, account_id }: Workspace): Promise<Response> {
  const { db } = services.database;
  const rows = await withShownTargets(db, account_id, await findRateLimits(db, id));
  return Response.json({ data: rows.map(rateLimitJson) });
}

async function createRateLimit(
  services: BudgetServices,
  workspace: Workspace,
  call: Call,
): Promise<Response> {
  const wish = parseRateLimit(await services.readJson(call.request));
  return await oneRateLimit(services, workspace, await addRateLimit(services, workspace, wish), 201);
}

async function patchRateLimit(services: BudgetServices, workspace: Workspace, call: Call): Promise<Response> {
  const patch = parseRateLimitPatch(await services.readJson(call.request));
  const row = await changeRateLimit(services, workspace, call.params['limitId'] ?? '', patch);
  return await oneRateLimit(services, workspace, row, 200);
}

async function oneRateLimit(
  { database: { db } }: BudgetServices,
  { account_id }: Workspace,
  row: RateLimitTable,
  status: number,
): Promise<Response> {
  const [shown = row] = await withShownTargets(db, account_id, [row]);
  return Response.json({ data: rateLimitJson(shown) }, { status });
}

async function deleteRateLimit(
  services: BudgetServices,
  workspace: Workspace,
  call: Call,
): Promise<Response> {
  await removeRateLimit(services, workspace, call.params['limitId'] ?? '');
  return Response.json({ deleted: true });
}

async function listBudgetAlerts(
  services: BudgetServices,
  workspace: Workspace,
  call: Call,
): Promise<Response> {
  const { before, limit } = parseAlertPage(call.url.searchParams);
  const { db } = services.database;
  const place = { accountId: workspace.account_id, workspaceId: workspace.id };
  const rows = await listAlerts(db, { ...place, before, limit });
  const limits = await findLimits(db, workspace.id);
  return Response.json({ data: rows.map(alertJson), percents: percentsOf(limits) });
}

async function putAlertPercents(
  services: BudgetServices,
  workspace: Workspace,
  call: Call,
): Promise<Response> {
  const percents = parseAlertPercents(await services.readJson(call.request));
  await setAlertPercents(services, workspace, percents);
  return Response.json({ data: { percents } });
}
