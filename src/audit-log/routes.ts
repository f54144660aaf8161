/**
 * `GET /audit` and `GET /audit/export`: who changed what of an account's access and money, for its management keys and for people who
 * manage the organisation. What belongs to the installation and to no account is on the command line.
 */
import { type EventFilter, readEvents } from '../audit/read.ts';
import type { Clock } from '../clock.ts';
import { isoFromMs } from '../clock.ts';
import { managementRoute, type Route, sessionRoute } from '../http/route.ts';
import { asKeyId } from '../keys/key-names.ts';
import type { Database } from '../storage/database.ts';
import {
  type AuditFormat,
  auditHead,
  auditJson,
  auditLine,
  nextAuditCursor,
  parseAuditFilter,
  parseAuditFormat,
  parseAuditPage,
} from './audit-page.ts';

export interface AuditRouteServices {
  readonly database: Database;
  readonly clock: Clock;
}

const PAGE_ROWS = 1000;
const TYPES: Readonly<Record<AuditFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

export function auditRoutes(services: AuditRouteServices): Route[] {
  // Events go on naming a key by the hash that it was made with.
  const idOf = async (accountId: string, name: string | null) =>
    name === null ? null : await asKeyId(services.database.db, accountId, name, services.clock.nowMs());
  const whole = async <Q extends Pick<EventFilter, 'actor' | 'target'>>(query: Q, accountId: string) => {
    const [actor, target] = [await idOf(accountId, query.actor), await idOf(accountId, query.target)];
    return { ...query, accountId, actor, target };
  };
  const page = async (url: URL, accountId: string) => {
    const { database } = services;
    const query = parseAuditPage(url.searchParams);
    const { events, head } = await readEvents(database, await whole(query, accountId));
    return Response.json({
      data: events.map(auditJson),
      next_cursor: nextAuditCursor(events, query.limit),
      // Of the whole installation: what `turnpike audit verify` counts, and a note of it proves later that nothing was taken away.
      chain: { seq: head.seq, hash: head.hash, until: head.seq === 0 ? null : isoFromMs(head.at_ms) },
    });
  };
  const file = async (url: URL, accountId: string) => {
    const query = parseAuditFilter(url.searchParams);
    const format = parseAuditFormat(url.searchParams);
    const day = isoFromMs(services.clock.nowMs()).slice(0, 10);
    return new Response(auditFile(services.database, format, await whole(query, accountId)), {
      headers: {
        'content-type': TYPES[format],
        'content-disposition': `attachment; filename="audit-${day}.${format}"`,
        'cache-control': 'no-store',
      },
    });
  };
  return [
    managementRoute('GET', '/api/v1/audit', ({ url, principal }) => page(url, principal.accountId)),
    managementRoute('GET', '/api/v1/audit/export', ({ url, principal }) => file(url, principal.accountId)),
    sessionRoute('GET', '/api/dashboard/audit', 'admin', ({ url, session }) => page(url, session.accountId)),
    sessionRoute('GET', '/api/dashboard/audit/export', 'admin', ({ url, session }) =>
      file(url, session.accountId),
    ),
  ];
}

/** Newest first, a page of the database at a time, as fast as it is read. Events are only ever added, so no page misses one. */
function auditFile(
  database: Database,
  format: AuditFormat,
  filter: Omit<EventFilter, 'after' | 'limit'>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after: EventFilter['after'] = null;
  let isBegun = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { events: rows } = await readEvents(database, { ...filter, after, limit: PAGE_ROWS });
      const text = rows.map((row) => auditLine(format, row)).join('');
      controller.enqueue(encoder.encode(isBegun ? text : auditHead(format) + text));
      isBegun = true;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) controller.close();
      else after = { atMs: last.at_ms, id: last.id };
    },
  });
}
