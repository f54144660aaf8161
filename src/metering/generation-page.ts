/** The log of generations, page by page: which ones a query asks for. No I/O. */
import { invalidRequest } from '../errors.ts';
import { isGenerationId } from '../ids.ts';
import { single } from '../query.ts';
import type { GenerationConditions } from '../storage/generation-conditions.ts';
import type { Generation } from './generation.ts';
import { parseConditions, parseTimeRange, type TimeRange } from './generation-query.ts';

const DEFAULT_ROWS = 50;
const MAX_ROWS = 200;
const KEY_HASH = /^[0-9a-f]{64}$/;
const CURSOR = /^(\d{1,15})\.(.+)$/;

/** Where one stands in the listing. */
export type Place = Pick<Generation, 'created_at_ms' | 'id'>;

export interface GenerationPage {
  /** Null: of every key that the reader may see. */
  readonly keyHash: string | null;
  readonly range: TimeRange;
  readonly conditions: GenerationConditions;
  readonly after: Place | null;
  readonly limit: number;
}

export function parseGenerationPage(query: URLSearchParams): GenerationPage {
  return {
    keyHash: parseKeyHash(query),
    range: parseTimeRange(query),
    conditions: parseConditions(query),
    after: parseCursor(single(query, 'cursor')),
    limit: parseLimit(query),
  };
}

/** Null: it is not given. Throws a 400 where it is no hash. */
export function parseKeyHash(query: URLSearchParams): string | null {
  const keyHash = single(query, 'api_key_hash');
  if (keyHash !== null && !KEY_HASH.test(keyHash)) {
    throw invalidRequest('api_key_hash: must be the SHA-256 of a key, 64 lower-case hex digits');
  }
  return keyHash;
}

export function parseLimit(query: URLSearchParams): number {
  const limit = single(query, 'limit') ?? String(DEFAULT_ROWS);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_ROWS) {
    throw invalidRequest(`limit: must be an integer from 1 to ${MAX_ROWS}`);
  }
  return Number(limit);
}

/** Where the next page goes on; null: there is none. */
export function cursorOf(next: Place | null): string | null {
  return next === null ? null : `${next.created_at_ms}.${next.id}`;
}

function parseCursor(cursor: string | null): Place | null {
  if (cursor === null) return null;
  const [, atMs, id] = CURSOR.exec(cursor) ?? [];
  if (id === undefined || !isGenerationId(id)) throw invalidRequest('cursor: is none of ours');
  return { created_at_ms: Number(atMs), id };
}
