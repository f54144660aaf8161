/** What of a query narrows generations: the same words in the log, in exports and in the addresses of our pages. No I/O. */
import { invalidRequest } from '../errors.ts';
import { isStorable } from '../json.ts';
import { UUID } from '../keys/key-fields.ts';
import { nanoUsdFromNumber } from '../money.ts';
import { single } from '../query.ts';
import type { GenerationConditions } from '../storage/generation-conditions.ts';

const MAX_CHARACTERS = 512;
const OUTCOMES = ['complete', 'cancelled', 'failed'] as const;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const AMOUNT = /^\d{1,9}(?:\.\d{1,9})?$/;
/** A day and a half, in milliseconds, is more than any request takes. */
const MAX_MS = 130_000_000;

/** Throws a 400 that names the parameter. */
export function parseConditions(query: URLSearchParams): GenerationConditions {
  const outcome = single(query, 'outcome');
  if (outcome !== null && !OUTCOMES.some((known) => known === outcome))
    throw invalidRequest(`outcome: must be one of ${OUTCOMES.join(', ')}`);
  const streamed = single(query, 'streamed');
  if (streamed !== null && streamed !== 'true' && streamed !== 'false')
    throw invalidRequest('streamed: must be true or false');
  return {
    model: word(query, 'model'),
    provider: word(query, 'provider'),
    app: word(query, 'app'),
    session: word(query, 'session_id'),
    externalUser: word(query, 'external_user'),
    requestId: word(query, 'request_id'),
    workspace: parseWorkspaceId(query),
    apiType: word(query, 'api_type'),
    door: word(query, 'door'),
    outcome: outcome as GenerationConditions['outcome'],
    finishReason: word(query, 'finish_reason'),
    isStreamed: streamed === null ? null : streamed === 'true',
    minCostNanoUsd: amount(query, 'min_cost'),
    minLatencyMs: milliseconds(query, 'min_latency_ms'),
    minDurationMs: milliseconds(query, 'min_duration_ms'),
  };
}

export interface TimeRange {
  /** Null: from the first one on. */
  readonly startMs: number | null;
  /** Not part of it. Null: until now. */
  readonly endMs: number | null;
}

/** Throws a 400 that names the parameter. */
export function parseTimeRange(query: URLSearchParams): TimeRange {
  const startMs = instant(query, 'start');
  const endMs = instant(query, 'end');
  if (startMs !== null && endMs !== null && endMs <= startMs)
    throw invalidRequest('end: must be after start');
  return { startMs, endMs };
}

function instant(query: URLSearchParams, name: string): number | null {
  const text = single(query, name);
  if (text === null) return null;
  const ms = INSTANT.test(text) || DAY.test(text) ? Date.parse(text) : Number.NaN;
  // The 30th of February would silently become the 1st of March.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 10)))
    throw invalidRequest(
      `${name}: must be a day such as 2026-11-01, or a UTC time such as 2026-11-01T08:00:00Z`,
    );
  return ms;
}

/** Null: of every workspace. Throws a 400 where it is no id. */
export function parseWorkspaceId(query: URLSearchParams): string | null {
  const id = single(query, 'workspace_id');
  if (id !== null && !UUID.test(id)) throw invalidRequest('workspace_id: must be a UUID');
  return id?.toLowerCase() ?? null;
}

function word(query: URLSearchParams, name: string): string | null {
  const text = single(query, name);
  if (text === null) return null;
  if (text === '' || text.length > MAX_CHARACTERS || !isStorable(text))
    throw invalidRequest(`${name}: must be a text of 1 to ${MAX_CHARACTERS} characters`);
  return text;
}

function amount(query: URLSearchParams, name: string): bigint | null {
  const text = single(query, name);
  if (text === null) return null;
  const nanoUsd = AMOUNT.test(text) ? nanoUsdFromNumber(Number(text)) : null;
  if (nanoUsd === null) throw invalidRequest(`${name}: must be an amount in USD, such as 0.01`);
  return nanoUsd;
}

function milliseconds(query: URLSearchParams, name: string): number | null {
  const text = single(query, name);
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text) || Number(text) > MAX_MS)
    throw invalidRequest(`${name}: must be an integer from 0 to ${MAX_MS}`);
  return Number(text);
}
