/** `GET /generation`: what one request was and what it cost. */
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { anyKeyRoute, type Route } from '../http/route.ts';
import { isGenerationId } from '../ids.ts';
import { generationJson } from './generation-json.ts';
import type { UsageReader } from './usage-reader.ts';

export function meteringRoutes({ usage }: { usage: UsageReader }): Route[] {
  return [
    anyKeyRoute('GET', '/api/v1/generation', async ({ url, principal }) => {
      const id = url.searchParams.get('id');
      if (id === null || id === '') throw invalidRequest('id is missing: give the id of a generation');
      const row = isGenerationId(id) ? await usage.generation(principal.accountId, id) : undefined;
      if (row === undefined) throw new TurnpikeError('not_found');
      return Response.json({ data: generationJson(row) });
    }),
  ];
}
