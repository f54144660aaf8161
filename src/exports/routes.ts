/**
 * `GET /exports/generations`: what an account's keys have done in a period, as CSV, JSON lines, FOCUS or Parquet. `x-total-count` says how many
 * generations there will be before the first byte, so that a reader can tell how far it is, and that it has them all. Where older ones
 * of the period may have been dropped, `x-turnpike-complete-from` says from when on they are all there.
 */
import { hasRole } from '../auth/session.ts';
import type { Clock } from '../clock.ts';
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { acceptedCoding } from '../http/accept-encoding.ts';
import { type Call, managementRoute, type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import { asKeyId } from '../keys/key-names.ts';
import type { Logger } from '../log.ts';
import { type ExportServices, exportGenerations } from './export.ts';
import { ExportBody, ReaderLeft } from './export-body.ts';
import { type ExportOrder, parseExportQuery } from './order.ts';

export interface ExportRouteServices extends ExportServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keysMadeBy: (accountId: string, userId: string) => Promise<readonly string[]>;
}

/** Each keeps a connection and a snapshot of the database for as long as it takes. */
const MAX_AT_ONCE = 2;
const TYPES = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  focus: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};
const ENDINGS = { csv: 'csv', jsonl: 'jsonl', focus: 'focus.csv', parquet: 'parquet' };

export function exportRoutes(services: ExportRouteServices): Route[] {
  const running = { count: 0 };
  return [
    managementRoute('GET', '/api/v1/exports/generations', async (call) => {
      const { keyHash, ...query } = parseExportQuery(call.url.searchParams, services.clock.nowMs());
      const { accountId } = call.principal;
      const keyHashes = await narrowedTo(services, accountId, null, keyHash);
      return await respond(services, running, call, { ...query, accountId, keyHashes });
    }),
    sessionRoute('GET', '/api/dashboard/exports/generations', 'member', (call) =>
      forPeople(services, running, call),
    ),
  ];
}

/** Members get what the keys that they made have done; admins, everything. Somebody else's key is as empty as an unknown one. */
async function forPeople(
  services: ExportRouteServices,
  running: { count: number },
  call: SessionCall,
): Promise<Response> {
  const { keyHash, ...query } = parseExportQuery(call.url.searchParams, services.clock.nowMs());
  const { accountId, userId } = call.session;
  const visible = hasRole(call.session, 'admin') ? null : await services.keysMadeBy(accountId, userId);
  const keyHashes = await narrowedTo(services, accountId, visible, keyHash);
  return await respond(services, running, call, { ...query, accountId, keyHashes });
}

/** `visible`: null, all of the account's. */
async function narrowedTo(
  { database, clock }: ExportRouteServices,
  accountId: string,
  visible: readonly string[] | null,
  keyHash: string | null,
): Promise<readonly string[] | null> {
  if (keyHash === null) return visible;
  const id = await asKeyId(database.db, accountId, keyHash, clock.nowMs());
  return [id].filter((hash) => visible?.includes(hash) ?? true);
}

async function respond(
  services: ExportRouteServices,
  running: { count: number },
  call: Call,
  order: ExportOrder,
): Promise<Response> {
  if (running.count >= MAX_AT_ONCE) {
    throw new TurnpikeError('rate_limit_exceeded', {
      message: `${MAX_AT_ONCE} exports are running; try again when one has ended`,
      retryAfterSeconds: 10,
    });
  }
  running.count += 1;
  const closeWhenIdle = call.keepOpen();
  const { signal, headers } = call.request;
  // Parquet is compressed by itself.
  const isGzipped =
    order.format !== 'parquet' && acceptedCoding(headers.get('accept-encoding'), ['gzip']) === 'gzip';
  return await new Promise<Response>((resolve, reject) => {
    const body = new ExportBody({
      ...{ isGzipped, signal },
      onBegin: (generations, completeFromMs) => {
        const dropped =
          completeFromMs === null ? {} : { 'x-turnpike-complete-from': isoFromMs(completeFromMs) };
        const headers = { ...headersOf(order, isGzipped, generations), ...dropped };
        resolve(new Response(body.stream(), { headers }));
      },
    });
    exportGenerations(services, order, body)
      .then(() => body.end())
      .catch((thrown: unknown) => {
        body.fail();
        reject(thrown);
        if (!(thrown instanceof ReaderLeft)) services.logger.error('export_failed', { error: thrown });
      })
      .finally(() => {
        running.count -= 1;
        closeWhenIdle();
      });
  });
}

function headersOf(order: ExportOrder, isGzipped: boolean, generations: number): Record<string, string> {
  const day = (ms: number) => isoFromMs(ms).slice(0, 10);
  const name = `generations-${day(order.startMs)}-${day(order.endMs)}.${ENDINGS[order.format]}`;
  return {
    'content-type': TYPES[order.format],
    'content-disposition': `attachment; filename="${name}"`,
    'x-total-count': String(generations),
    // It is compressed here, as it comes, or not at all.
    'cache-control': 'no-store, no-transform',
    vary: 'accept-encoding',
    ...(isGzipped ? { 'content-encoding': 'gzip' } : {}),
  };
}
