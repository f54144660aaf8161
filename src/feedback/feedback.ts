/** What callers may say of an answer. No I/O. */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { nonEmpty, parse, text, UUID } from '../keys/key-fields.ts';
import { single } from '../query.ts';
import { CATEGORIES } from './answers.ts';

const MAX_COMMENT = 1000;
const DEFAULT_ROWS = 50;
const MAX_ROWS = 100;

const body = z.object(
  {
    generation_id: nonEmpty,
    category: z.enum(CATEGORIES, `must be one of ${CATEGORIES.join(', ')}`),
    comment: text.max(MAX_COMMENT, `must have at most ${MAX_COMMENT} characters`).nullish(),
  },
  'must be a JSON object',
);

export interface Feedback {
  readonly generationId: string;
  readonly category: (typeof CATEGORIES)[number];
  readonly comment: string | null;
}

/** Throws a 400 that names the member. */
export function parseFeedback(value: unknown): Feedback {
  const { generation_id, category, comment = null } = parse(body, value);
  return { generationId: generation_id, category, comment };
}

export interface FeedbackPage {
  readonly generationId: string | null;
  readonly category: string | null;
  /** Of requests of this workspace; null: of all. */
  readonly workspaceId: string | null;
  readonly limit: number;
  readonly offset: number;
}

/** Throws a 400 that names the parameter. */
export function parseFeedbackPage(query: URLSearchParams): FeedbackPage {
  const category = single(query, 'category');
  if (category !== null && !CATEGORIES.some((known) => known === category))
    throw invalidRequest(`category: must be one of ${CATEGORIES.join(', ')}`);
  const workspaceId = single(query, 'workspace_id');
  if (workspaceId !== null && !UUID.test(workspaceId))
    throw invalidRequest('workspace_id: must be the UUID of a workspace');
  return {
    generationId: single(query, 'generation_id'),
    category,
    workspaceId: workspaceId?.toLowerCase() ?? null,
    limit: integer(query, 'limit', DEFAULT_ROWS, 1, MAX_ROWS),
    offset: integer(query, 'offset', 0, 0, 1_000_000),
  };
}

function integer(query: URLSearchParams, name: string, fallback: number, min: number, max: number): number {
  const given = single(query, name);
  if (given === null) return fallback;
  if (!/^\d{1,7}$/.test(given) || Number(given) < min || Number(given) > max)
    throw invalidRequest(`${name}: must be an integer from ${min} to ${max}`);
  return Number(given);
}
