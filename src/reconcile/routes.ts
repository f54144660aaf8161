/**
 * `POST /reconcile?provider=openai`: a provider's bill, as the body or as the files of a form, against the account's ledger. Whoever accepts `application/x-ndjson` is told
 * how far it is, a line each, and then the same answer or the error; a bill that makes no sense is an error with its own status either way.
 */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { type BodyRules, bodyPieces } from '../http/body.ts';
import { errorResponse } from '../http/envelope.ts';
import { boundaryOf, formParts } from '../http/multipart.ts';
import { type Call, managementRoute, onlyReading, type Route, sessionRoute } from '../http/route.ts';
import type { Logger } from '../log.ts';
import { single } from '../query.ts';
import { Bill } from './bill.ts';
import { readBill, textOf } from './read-bill.ts';
import {
  daysOf,
  mustBeDay,
  mustBeZone,
  type Progress,
  providerOf,
  type ReconcileOrder,
  type ReconcileServices,
  reconcile,
} from './reconcile.ts';
import { type Reconciliation, reconciliationCsv, reconciliationJson } from './report.ts';

export interface ReconcileRouteServices extends Pick<ReconcileServices, 'database'> {
  readonly logger: Logger;
  readonly bodyRules: BodyRules;
  readonly flusher: { flushed(): Promise<unknown> };
  readonly catalogue: { readonly current: Catalogue };
}

interface Services extends ReconcileServices {
  readonly logger: Logger;
  readonly bodyRules: BodyRules;
}

/** Each keeps a connection and a snapshot of the database for as long as it takes. */
const MAX_AT_ONCE = 2;
/** A year by the request; it is added up as it comes. */
const MAX_BILL_BYTES = 1024 * 1024 * 1024;
/** A year of months by the project. */
const MAX_FILES = 200;
const MAX_NAME_CHARACTERS = 200;
const NDJSON = 'application/x-ndjson';

export function reconcileRoutes({ flusher, catalogue, ...others }: ReconcileRouteServices): Route[] {
  const services = { ...others, flushed: () => flusher.flushed(), catalogue: () => catalogue.current };
  const running = { count: 0 };
  const answer = (call: Call, accountId: string) => {
    if (running.count >= MAX_AT_ONCE)
      throw new TurnpikeError('rate_limit_exceeded', {
        message: `${MAX_AT_ONCE} bills are being compared; try again when one is done`,
        retryAfterSeconds: 10,
      });
    return respond(services, running, call, accountId);
  };
  return [
    onlyReading(
      managementRoute('POST', '/api/v1/reconcile', (call) => answer(call, call.principal.accountId)),
    ),
    onlyReading(
      sessionRoute('POST', '/api/dashboard/reconcile', 'admin', (call) =>
        answer(call, call.session.accountId),
      ),
    ),
  ];
}

async function respond(
  services: Services,
  running: { count: number },
  call: Call,
  accountId: string,
): Promise<Response> {
  running.count += 1;
  const closeWhenIdle = call.keepOpen();
  const done = () => {
    running.count -= 1;
    closeWhenIdle();
  };
  let isStreaming = false;
  try {
    const order = await readOrder(services, call, accountId);
    if (order.format === 'csv') return csv(await reconcile(services, order));
    if (!(call.request.headers.get('accept') ?? '').includes(NDJSON))
      return Response.json({ data: reconciliationJson(await reconcile(services, order)) });
    isStreaming = true;
    return streamed(services, order, call.requestId, done);
  } finally {
    if (!isStreaming) done();
  }
}

interface Order extends ReconcileOrder {
  readonly format: 'json' | 'csv';
}

async function readOrder(services: Services, call: Call, accountId: string): Promise<Order> {
  const query = call.url.searchParams;
  const providerSlug = single(query, 'provider');
  if (providerSlug === null) throw invalidRequest('provider: is missing; give its slug, such as openai');
  providerOf(services.catalogue(), providerSlug);
  const zone = mustBeZone(single(query, 'zone') ?? 'UTC');
  const from = mustBeDay('from', single(query, 'from'));
  const to = mustBeDay('to', single(query, 'to'));
  const format = single(query, 'format') ?? 'json';
  if (format !== 'json' && format !== 'csv') throw invalidRequest('format: must be one of json, csv');
  const bill = new Bill();
  await readFiles(bill, call.request, zone, services.bodyRules);
  daysOf({ bill, from, to });
  return { accountId, providerSlug, bill, zone, from, to, format, signal: call.request.signal };
}

/** Of a form its files, one after the other; any other body is one file. */
async function readFiles(bill: Bill, request: Request, zone: string, rules: BodyRules): Promise<void> {
  const pieces = bodyPieces(request, MAX_BILL_BYTES, rules);
  const boundary = boundaryOf(request.headers.get('content-type'));
  if (boundary === null) {
    await readBill(bill, textOf(pieces), zone);
    return;
  }
  for await (const { filename, body } of formParts(pieces, boundary)) {
    if (filename === null) continue;
    if (bill.files.length >= MAX_FILES)
      throw invalidRequest(`At most ${MAX_FILES} files are compared at a time`);
    const name = filename.slice(0, MAX_NAME_CHARACTERS) || `file ${bill.files.length + 1}`;
    await readBill(bill, textOf(body), zone, name);
  }
  if (bill.files.length === 0) throw invalidRequest('The form has no file in it');
}

function csv(result: Reconciliation): Response {
  const name = `${result.provider.slug}-${result.days[0]}-${result.days.at(-1)}.csv`;
  return new Response(reconciliationCsv(result), {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}

/** The answer's last line has what the whole would be otherwise. */
function streamed(services: Services, order: Order, requestId: string, done: () => void): Response {
  const encoder = new TextEncoder();
  const left = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const write = (line: object) => {
        if (!left.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      };
      const onProgress = ({ days, daysInAll, generations }: Progress) =>
        write({ progress: { days, days_in_all: daysInAll, generations } });
      try {
        const result = await reconcile(services, { ...order, signal: left.signal, onProgress });
        write({ data: reconciliationJson(result) });
      } catch (thrown) {
        if (!left.signal.aborted) {
          const error = thrown instanceof TurnpikeError ? thrown : new TurnpikeError('internal');
          if (error !== thrown) services.logger.error('reconciliation_failed', { error: thrown, requestId });
          write((await errorResponse(error).json()) as object);
        }
      } finally {
        done();
        if (!left.signal.aborted) controller.close();
      }
    },
    cancel: () => left.abort(),
  });
  return new Response(body, {
    headers: { 'content-type': NDJSON, 'cache-control': 'no-store, no-transform' },
  });
}
