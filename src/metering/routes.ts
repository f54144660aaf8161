/**
 * `GET /generation`: what one request was and what it cost; and the log of them all, with what was refused and what still runs: for
 * management keys on the API, and for people on our own pages.
 */
import { hasRole } from '../auth/session.ts';
import { isoFromMs } from '../clock.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import {
  anyKeyRoute,
  type KeyCall,
  managementRoute,
  type Route,
  type SessionCall,
  sessionRoute,
} from '../http/route.ts';
import { isGenerationId } from '../ids.ts';
import type { Pricing } from '../pricing/price.ts';
import { single } from '../query.ts';
import type { RefusalHourTable } from '../storage/figure-tables.ts';
import type {
  CostDetails,
  GenerationDetails,
  GenerationPageAnswer,
  OfKey,
  PageRunning,
  RefusalPageAnswer,
} from './answers.ts';
import { costDetailsJson } from './cost-lines.ts';
import type { Generation } from './generation.ts';
import { generationJson } from './generation-json.ts';
import { cursorOf, parseGenerationPage, parseKeyHash } from './generation-page.ts';
import { parseWorkspaceId } from './generation-query.ts';
import { nextRefusalCursor, parseRefusalPage, refusalJson } from './refusal-page.ts';
import type { RefusalFilter } from './refusal-store.ts';
import { runningJson, workspaceOf } from './running-json.ts';
import type { RunningRequest } from './spend-log.ts';
import type { UsageReader } from './usage-reader.ts';

export interface KeyName {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
}

export interface MeteringRouteServices {
  readonly usage: UsageReader;
  readonly refusals: (filter: RefusalFilter) => Promise<readonly RefusalHourTable[]>;
  /** What this process has sent and not heard the end of, oldest first. */
  readonly running: (accountId: string) => readonly RunningRequest[];
  /** Of an endpoint, as it is now; null: it is not offered. */
  readonly pricingOf: (model: string, endpointTag: string | null) => Pricing | null;
  readonly keys: {
    /** Of this account; unknown ones are missing. */
    readonly namesOf: (accountId: string, hashes: string[]) => Promise<readonly KeyName[]>;
    /** What figures call the key that callers call this; one of nobody stays as it is. */
    readonly idOf: (accountId: string, hash: string) => Promise<string>;
    readonly madeBy: (accountId: string, userId: string) => Promise<readonly string[]>;
  };
}

/** Whose requests may be seen. */
interface Viewer {
  readonly accountId: string;
  /** Only of these keys; null: of all. */
  readonly keyHashes: readonly string[] | null;
}

const MAX_RUNNING = 200;

export function meteringRoutes(services: MeteringRouteServices): Route[] {
  return [
    anyKeyRoute('GET', '/api/v1/generation', async (call) =>
      Response.json({ data: generationJson(await askedFor(services, call)) }),
    ),
    anyKeyRoute('GET', '/api/v1/generation/cost', async (call) =>
      Response.json({ data: costOf(services, await askedFor(services, call)) }),
    ),
    managementRoute('GET', '/api/v1/generations', ({ url, principal }) =>
      list(services, url, ofAccount(principal)),
    ),
    managementRoute('GET', '/api/v1/generations/running', ({ url, principal }) =>
      listOfRunning(services, url, ofAccount(principal)),
    ),
    managementRoute('GET', '/api/v1/refusals', ({ url, principal }) =>
      listOfRefusals(services, url, ofAccount(principal)),
    ),
    sessionRoute('GET', '/api/dashboard/generations', 'member', async ({ url, session }) =>
      list(services, url, await ofSession(services, session)),
    ),
    sessionRoute('GET', '/api/dashboard/generations/:id', 'member', ({ params, session }) =>
      one(services, params['id'] ?? '', session),
    ),
    sessionRoute('GET', '/api/dashboard/running', 'member', async ({ url, session }) =>
      listOfRunning(services, url, await ofSession(services, session)),
    ),
    sessionRoute('GET', '/api/dashboard/refusals', 'member', async ({ url, session }) =>
      listOfRefusals(services, url, await ofSession(services, session)),
    ),
  ];
}

async function askedFor({ usage }: MeteringRouteServices, { url, principal }: KeyCall): Promise<Generation> {
  const id = single(url.searchParams, 'id');
  if (id === null || id === '') throw invalidRequest('id is missing: give the id of a generation');
  const row = isGenerationId(id) ? await usage.generation(principal.accountId, id) : undefined;
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}

const costOf = ({ pricingOf }: MeteringRouteServices, row: Generation): CostDetails =>
  costDetailsJson(row, pricingOf(row.model, row.endpoint_tag));

const ofAccount = ({ accountId }: { readonly accountId: string }): Viewer => ({ accountId, keyHashes: null });

/** Members see what the keys that they made have done; admins, everything. */
async function ofSession({ keys }: MeteringRouteServices, session: SessionCall['session']): Promise<Viewer> {
  const { accountId, userId } = session;
  return { accountId, keyHashes: hasRole(session, 'admin') ? null : await keys.madeBy(accountId, userId) };
}

/** Somebody else's key is as empty as an unknown one. */
async function narrowedTo(
  { keys }: MeteringRouteServices,
  { accountId, keyHashes }: Viewer,
  keyHash: string | null,
): Promise<readonly string[] | null> {
  if (keyHash === null) return keyHashes;
  return [await keys.idOf(accountId, keyHash)].filter((hash) => keyHashes?.includes(hash) ?? true);
}

/** Adds what the keys of rows are called. */
async function named<R extends { readonly key_hash: string }, J extends object>(
  keys: MeteringRouteServices['keys'],
  accountId: string,
  rows: readonly R[],
  jsonOf: (row: R) => J,
): Promise<(J & OfKey)[]> {
  const names = await keys.namesOf(accountId, [...new Set(rows.map((row) => row.key_hash))]);
  const nameOf = new Map(names.map((name) => [name.hash, name]));
  return rows.map((row) => ({
    ...jsonOf(row),
    api_key_hash: row.key_hash,
    api_key_name: nameOf.get(row.key_hash)?.name ?? null,
    api_key_label: nameOf.get(row.key_hash)?.label ?? null,
  }));
}

/** `searched_until`: everything newer was looked at, where a page ends before it is full; its cursor goes on from there. */
async function list(services: MeteringRouteServices, url: URL, viewer: Viewer): Promise<Response> {
  const { usage, keys } = services;
  const { accountId } = viewer;
  const { keyHash, range, conditions, after, limit } = parseGenerationPage(url.searchParams);
  const keyHashes = await narrowedTo(services, viewer, keyHash);
  const { rows, next, isCutShort } = await usage.generations({
    ...{ accountId, keyHashes, range, conditions, after, limit },
  });
  const page: GenerationPageAnswer = {
    data: await named(keys, accountId, rows, generationJson),
    next_cursor: cursorOf(next),
    searched_until: isCutShort && next !== null ? isoFromMs(next.created_at_ms) : null,
  };
  return Response.json(page);
}

/** What is not theirs to see is not found. */
async function one(
  services: MeteringRouteServices,
  id: string,
  session: SessionCall['session'],
): Promise<Response> {
  const { accountId, keyHashes } = await ofSession(services, session);
  const row = isGenerationId(id) ? await services.usage.generation(accountId, id) : undefined;
  if (row === undefined || keyHashes?.includes(row.key_hash) === false) throw new TurnpikeError('not_found');
  const [data]: GenerationDetails[] = await named(services.keys, accountId, [row], (each) => ({
    ...generationJson(each),
    cost_details: costOf(services, each),
  }));
  return Response.json({ data });
}

/** Of the node that answers, the newest first. */
async function listOfRunning(services: MeteringRouteServices, url: URL, viewer: Viewer): Promise<Response> {
  const { accountId } = viewer;
  const keyHashes = await narrowedTo(services, viewer, parseKeyHash(url.searchParams));
  const workspaceId = parseWorkspaceId(url.searchParams);
  const running = services
    .running(accountId)
    .filter(({ keyHash }) => keyHashes === null || keyHashes.includes(keyHash))
    .filter((request) => workspaceId === null || workspaceOf(request) === workspaceId)
    .slice(-MAX_RUNNING)
    .reverse()
    .map((request) => ({ ...request, key_hash: request.keyHash }));
  const data: PageRunning[] = await named(services.keys, accountId, running, runningJson);
  return Response.json({ data });
}

/** What was refused before any provider was asked: a row an hour for each reason of a key. */
async function listOfRefusals(services: MeteringRouteServices, url: URL, viewer: Viewer): Promise<Response> {
  const { refusals, keys } = services;
  const { accountId } = viewer;
  const { keyHash, range, requestId, workspaceId, after, limit } = parseRefusalPage(url.searchParams);
  const keyHashes = await narrowedTo(services, viewer, keyHash);
  const rows = await refusals({ accountId, keyHashes, range, requestId, workspaceId, after, limit });
  const page: RefusalPageAnswer = {
    data: await named(keys, accountId, rows, refusalJson),
    next_cursor: nextRefusalCursor(rows, limit),
  };
  return Response.json(page);
}
