/** What an export is of: a form, a period, and whose generations. No I/O. */
import { invalidRequest } from '../errors.ts';
import { isKeyHash } from '../keys/keys.ts';
import { parseConditions } from '../metering/generation-query.ts';
import { instantOf, single } from '../query.ts';
import type { GenerationConditions } from '../storage/generation-conditions.ts';

export const FORMATS = ['csv', 'jsonl', 'focus', 'parquet'] as const;
export type ExportFormat = (typeof FORMATS)[number];

export interface Period {
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

export interface ExportOrder extends Period {
  readonly accountId: string;
  readonly format: ExportFormat;
  /** Of these keys alone; null: of all. */
  readonly keyHashes: readonly string[] | null;
  /** Absent: whatever they are. */
  readonly conditions?: GenerationConditions;
}

const DAY_MS = 24 * 3_600_000;
/** As much as one file can sensibly hold; more is several exports. */
const MAX_DAYS = 366;

export interface ExportQuery extends Period {
  readonly format: ExportFormat;
  readonly keyHash: string | null;
  readonly conditions: GenerationConditions;
}

/** Throws a 400 that names the parameter. Days are UTC; the end is exclusive, and now unless told. */
export function parseExportQuery(query: URLSearchParams, nowMs: number): ExportQuery {
  const format = single(query, 'format') ?? 'csv';
  if (!isFormat(format)) throw invalidRequest(`format: must be one of ${FORMATS.join(', ')}`);
  const keyHash = single(query, 'api_key_hash');
  if (keyHash !== null && !isKeyHash(keyHash))
    throw invalidRequest('api_key_hash: must be the SHA-256 of a key, 64 lower-case hex digits');
  const period = parsePeriod(single(query, 'start'), single(query, 'end'), nowMs);
  return { format, keyHash, conditions: parseConditions(query), ...period };
}

export function isFormat(text: string): text is ExportFormat {
  return FORMATS.some((format) => format === text);
}

/** Throws a 400 that names the end that is wrong. */
export function parsePeriod(start: string | null, end: string | null, nowMs: number): Period {
  if (start === null) throw invalidRequest('start: is missing; give a day such as 2026-11-01');
  const startMs = instantOf('start', start);
  const endMs = end === null ? nowMs : instantOf('end', end);
  if (endMs <= startMs) throw invalidRequest('end: must be after start');
  if (endMs - startMs > MAX_DAYS * DAY_MS)
    throw invalidRequest(`end: must be at most ${MAX_DAYS} days after start`);
  return { startMs, endMs };
}
