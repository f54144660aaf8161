/** The audit log, page by page: which events a query asks for, and how they are shown. No I/O. */

import type { EventFilter, ListedEvent } from '../audit/read.ts';
import { isoFromMs } from '../clock.ts';
import { csvLine } from '../csv.ts';
import { invalidRequest } from '../errors.ts';
import { instantOf, single } from '../query.ts';

const DEFAULT_ROWS = 50;
const MAX_ROWS = 200;
const CURSOR = /^(\d{1,15})\.([0-9a-zA-Z-]{1,64})$/;
const ACTION = /^[a-z_]{1,60}(?:\.[a-z_]{1,60})?$/;
const MAX_TEXT = 256;

export const FORMATS = ['csv', 'jsonl'] as const;
export type AuditFormat = (typeof FORMATS)[number];

type Query = Omit<EventFilter, 'accountId' | 'limit' | 'after'>;

/** Throws a 400 that names the parameter. */
export function parseAuditFilter(query: URLSearchParams): Query {
  const action = single(query, 'action');
  if (action !== null && !ACTION.test(action))
    throw invalidRequest('action: must be such as key.created, or key for all that happens to keys');
  const time = (name: string) => {
    const text = single(query, name);
    return text === null ? null : instantOf(name, text);
  };
  return {
    action,
    actor: shortText(query, 'actor'),
    target: shortText(query, 'target'),
    outcome: shortText(query, 'outcome'),
    fromMs: time('start'),
    toMs: time('end'),
  };
}

/** Throws a 400 that names the parameter. */
export function parseAuditPage(query: URLSearchParams): Query & Pick<EventFilter, 'after' | 'limit'> {
  const limit = single(query, 'limit') ?? String(DEFAULT_ROWS);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_ROWS)
    throw invalidRequest(`limit: must be an integer from 1 to ${MAX_ROWS}`);
  return { ...parseAuditFilter(query), after: parseCursor(single(query, 'cursor')), limit: Number(limit) };
}

/** Throws a 400 for another one. */
export function parseAuditFormat(query: URLSearchParams): AuditFormat {
  const format = single(query, 'format') ?? 'csv';
  const known = FORMATS.find((each) => each === format);
  if (known === undefined) throw invalidRequest(`format: must be one of ${FORMATS.join(', ')}`);
  return known;
}

/** Where the next page goes on; null: there is none. */
export function nextAuditCursor(rows: readonly ListedEvent[], limit: number): string | null {
  const last = rows.at(-1);
  return last === undefined || rows.length < limit ? null : `${last.at_ms}.${last.id}`;
}

function parseCursor(cursor: string | null): EventFilter['after'] {
  if (cursor === null) return null;
  const [, atMs, id] = CURSOR.exec(cursor) ?? [];
  if (id === undefined) throw invalidRequest('cursor: is none of ours');
  return { atMs: Number(atMs), id };
}

function shortText(query: URLSearchParams, name: string): string | null {
  const text = single(query, name);
  if (text !== null && (text === '' || text.length > MAX_TEXT || text.includes('\0')))
    throw invalidRequest(`${name}: must have 1 to ${MAX_TEXT} characters`);
  return text;
}

/** `seq` and `hash` are null for as long as an event has no link yet, which is a moment. */
export function auditJson(event: ListedEvent) {
  return {
    id: event.id,
    seq: event.seq,
    at: isoFromMs(event.at_ms),
    actor_kind: event.actor_kind,
    actor: event.actor,
    actor_name: event.actor_name,
    address: event.address,
    action: event.action,
    target_kind: event.target_kind,
    target: event.target,
    before: factsOf(event.before_json),
    after: factsOf(event.after_json),
    outcome: event.outcome,
    hash: event.hash,
  };
}

function factsOf(json: string | null): Record<string, unknown> | null {
  return json === null ? null : (JSON.parse(json) as Record<string, unknown>);
}

const COLUMNS = [
  ...([
    'id',
    'seq',
    'at',
    'actor_kind',
    'actor',
    'actor_name',
    'address',
    'action',
    'target_kind',
    'target',
  ] as const),
  ...(['before', 'after', 'outcome', 'hash'] as const),
];

/** What a file begins with. */
export function auditHead(format: AuditFormat): string {
  return format === 'csv' ? csvLine(COLUMNS) : '';
}

export function auditLine(format: AuditFormat, event: ListedEvent): string {
  const shown = auditJson(event);
  if (format === 'jsonl') return `${JSON.stringify(shown)}\n`;
  return csvLine(
    COLUMNS.map((name) => {
      const value = shown[name];
      return value !== null && typeof value === 'object' ? JSON.stringify(value) : value;
    }),
  );
}
