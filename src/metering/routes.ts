/** `GET /generation`: what one request was and what it cost; and the log of them all, for people. */
import { hasRole } from '../auth/session.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { anyKeyRoute, type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import { isGenerationId } from '../ids.ts';
import { single } from '../query.ts';
import { generationJson } from './generation-json.ts';
import { nextCursor, parseGenerationPage } from './generation-page.ts';
import type { UsageReader } from './usage-reader.ts';

export interface KeyName {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
}

export interface MeteringRouteServices {
  readonly usage: UsageReader;
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
  ];
}

/** Members see what the keys that they made have done; admins, everything. Somebody else's key is as empty as an unknown one. */
async function list(
  { usage, keys }: MeteringRouteServices,
  { url, session }: SessionCall,
): Promise<Response> {
  const { accountId, userId } = session;
  const { keyHash, after, limit } = parseGenerationPage(url.searchParams);
  const visible = hasRole(session, 'admin') ? null : await keys.madeBy(accountId, userId);
  const asked = keyHash === null ? visible : [keyHash].filter((hash) => visible?.includes(hash) ?? true);
  const rows = await usage.generations({ accountId, keyHashes: asked, after, limit });
  const names = await keys.namesOf(accountId, [...new Set(rows.map((row) => row.key_hash))]);
  const nameOf = new Map(names.map((name) => [name.hash, name]));
  return Response.json({
    data: rows.map((row) => ({
      ...generationJson(row),
      api_key_hash: row.key_hash,
      api_key_name: nameOf.get(row.key_hash)?.name ?? null,
      api_key_label: nameOf.get(row.key_hash)?.label ?? null,
    })),
    next_cursor: nextCursor(rows, limit),
  });
}
