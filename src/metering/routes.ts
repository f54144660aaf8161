/** `GET /generation`: what one request was and what it cost; and the log of them all, for people. */
import { hasRole } from '../auth/session.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { anyKeyRoute, type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import { isGenerationId } from '../ids.ts';
import { single } from '../query.ts';
import type { RefusalHourTable } from '../storage/figure-tables.ts';
import type { GenerationPageAnswer, OfKey, RefusalPageAnswer } from './answers.ts';
import { generationJson } from './generation-json.ts';
import { nextCursor, parseGenerationPage } from './generation-page.ts';
import { nextRefusalCursor, parseRefusalPage, refusalJson } from './refusal-page.ts';
import type { RefusalFilter } from './refusal-store.ts';
import type { UsageReader } from './usage-reader.ts';

export interface KeyName {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
}

export interface MeteringRouteServices {
  readonly usage: UsageReader;
  readonly refusals: (filter: RefusalFilter) => Promise<readonly RefusalHourTable[]>;
  readonly keys: {
    /** Of this account; unknown ones are missing. */
    readonly namesOf: (accountId: string, hashes: string[]) => Promise<readonly KeyName[]>;
    readonly madeBy: (accountId: string, userId: string) => Promise<readonly string[]>;
  };
}

export function meteringRoutes(services: MeteringRouteServices): Route[] {
  return [
    anyKeyRoute('GET', '/api/v1/generation', async ({ url, principal }) => {
      const id = single(url.searchParams, 'id');
      if (id === null || id === '') throw invalidRequest('id is missing: give the id of a generation');
      const row = isGenerationId(id) ? await services.usage.generation(principal.accountId, id) : undefined;
      if (row === undefined) throw new TurnpikeError('not_found');
      return Response.json({ data: generationJson(row) });
    }),
    sessionRoute('GET', '/api/dashboard/generations', 'member', (call) => list(services, call)),
    sessionRoute('GET', '/api/dashboard/refusals', 'member', (call) => listOfRefusals(services, call)),
  ];
}

/** Members see what the keys that they made have done; admins, everything. Somebody else's key is as empty as an unknown one. */
async function visibleOf(
  keys: MeteringRouteServices['keys'],
  session: SessionCall['session'],
  keyHash: string | null,
): Promise<readonly string[] | null> {
  const visible = hasRole(session, 'admin') ? null : await keys.madeBy(session.accountId, session.userId);
  return keyHash === null ? visible : [keyHash].filter((hash) => visible?.includes(hash) ?? true);
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

async function list(
  { usage, keys }: MeteringRouteServices,
  { url, session }: SessionCall,
): Promise<Response> {
  const { accountId } = session;
  const { keyHash, after, limit } = parseGenerationPage(url.searchParams);
  const keyHashes = await visibleOf(keys, session, keyHash);
  const rows = await usage.generations({ accountId, keyHashes, after, limit });
  const page: GenerationPageAnswer = {
    data: await named(keys, accountId, rows, generationJson),
    next_cursor: nextCursor(rows, limit),
  };
  return Response.json(page);
}

/** What was refused before any provider was asked: a row an hour for each reason of a key. */
async function listOfRefusals(
  { refusals, keys }: MeteringRouteServices,
  { url, session }: SessionCall,
): Promise<Response> {
  const { accountId } = session;
  const { keyHash, after, limit } = parseRefusalPage(url.searchParams);
  const keyHashes = await visibleOf(keys, session, keyHash);
  const rows = await refusals({ accountId, keyHashes, after, limit });
  const page: RefusalPageAnswer = {
    data: await named(keys, accountId, rows, refusalJson),
    next_cursor: nextRefusalCursor(rows, limit),
  };
  return Response.json(page);
}
