/**
 * `POST /generation/feedback`: what a caller thinks of an answer. OpenRouter's document asks for a management key and its own tools come
 * with ordinary ones, so either may speak of any generation that it may see. Management keys, and people who manage the organisation,
 * read what was said.
 */
import type { Clock } from '../clock.ts';
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { anyKeyRoute, managementRoute, type Route, sessionRoute } from '../http/route.ts';
import { isGenerationId } from '../ids.ts';
import type { GenerationFeedbackTable } from '../storage/content-tables.ts';
import type { Db } from '../storage/database.ts';
import { CATEGORIES, type FeedbackEntry } from './answers.ts';
import { parseFeedback, parseFeedbackPage } from './feedback.ts';
import { listFeedback, putFeedback } from './store.ts';

export interface FeedbackRouteServices {
  readonly db: Db;
  readonly clock: Clock;
  /** Of this account. */
  readonly hasGeneration: (accountId: string, id: string) => Promise<boolean>;
  readonly readJson: (request: Request) => Promise<unknown>;
}

export function feedbackRoutes(services: FeedbackRouteServices): Route[] {
  const { db, clock, hasGeneration, readJson } = services;
  const list = async (url: URL, accountId: string) => {
    const rows = await listFeedback(db, { ...parseFeedbackPage(url.searchParams), accountId });
    return Response.json({ data: rows.map(feedbackJson) });
  };
  return [
    anyKeyRoute('POST', '/api/v1/generation/feedback', async ({ request, principal }) => {
      const { generationId, category, comment } = parseFeedback(await readJson(request));
      const { accountId, keyHash } = principal;
      if (!isGenerationId(generationId) || !(await hasGeneration(accountId, generationId)))
        throw new TurnpikeError('not_found');
      await putFeedback(db, {
        ...{ generation_id: generationId, key_hash: keyHash, account_id: accountId, category, comment },
        created_at_ms: clock.nowMs(),
      });
      return Response.json({ data: { success: true } });
    }),
    managementRoute('GET', '/api/v1/generation/feedback', ({ url, principal }) =>
      list(url, principal.accountId),
    ),
    sessionRoute('GET', '/api/dashboard/feedback', 'admin', ({ url, session }) =>
      list(url, session.accountId),
    ),
  ];
}

function feedbackJson(row: GenerationFeedbackTable): FeedbackEntry {
  const { generation_id, category, comment, key_hash } = row;
  return {
    generation_id,
    category: CATEGORIES.find((known) => known === category) ?? 'other',
    comment,
    api_key_hash: key_hash,
    created_at: isoFromMs(row.created_at_ms),
  };
}
