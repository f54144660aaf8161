/** The log of refusals, page by page: which rows a query asks for, and how they are shown. No I/O. */
import { isoFromMs } from '../clock.ts';
import { invalidRequest } from '../errors.ts';
import { single } from '../query.ts';
import type { RefusalHourTable } from '../storage/figure-tables.ts';
import type { RefusalAnswer } from './answers.ts';
import { parseKeyHash, parseLimit } from './generation-page.ts';
import { parseTimeRange, parseWorkspaceId, type TimeRange } from './generation-query.ts';

const CURSOR = /^(\d{1,15})\.([0-9a-f]{64})\.([a-z_]{1,64})$/;

export interface RefusalPage {
  /** Null: of every key that the reader may see. */
  readonly keyHash: string | null;
  readonly range: TimeRange;
  /** The last request of such a row; null: whichever it was. */
  readonly requestId: string | null;
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  readonly after: Pick<RefusalHourTable, 'hour_ms' | 'key_hash' | 'reason'> | null;
  readonly limit: number;
}

export function parseRefusalPage(query: URLSearchParams): RefusalPage {
  return {
    keyHash: parseKeyHash(query),
    range: parseTimeRange(query),
    requestId: single(query, 'request_id'),
    workspaceId: parseWorkspaceId(query),
    limit: parseLimit(query),
    after: parseCursor(single(query, 'cursor')),
  };
}

/** Where the next page goes on; null: there is none. */
export function nextRefusalCursor(rows: readonly RefusalHourTable[], limit: number): string | null {
  const last = rows.at(-1);
  return last === undefined || rows.length < limit ? null : `${last.hour_ms}.${last.key_hash}.${last.reason}`;
}

function parseCursor(cursor: string | null): RefusalPage['after'] {
  if (cursor === null) return null;
  const [, hourMs, keyHash, reason] = CURSOR.exec(cursor) ?? [];
  if (keyHash === undefined || reason === undefined) throw invalidRequest('cursor: is none of ours');
  return { hour_ms: Number(hourMs), key_hash: keyHash, reason };
}

export function refusalJson(row: RefusalHourTable): RefusalAnswer {
  return {
    hour: isoFromMs(row.hour_ms),
    reason: row.reason,
    requests: row.requests,
    first_at: isoFromMs(row.first_at_ms),
    last_at: isoFromMs(row.last_at_ms),
    workspace_id: row.workspace_id,
    status: row.status,
    message: row.message,
    path: row.path,
    last_request_id: row.request_id,
  };
}
