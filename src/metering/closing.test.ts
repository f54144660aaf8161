/** Longer sums out of hours: whatever came when, every question has the answer that the hours alone have. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { silent } from '../../test/flush-bench.ts';
import { boundedGroups } from '../analytics/analytics.ts';
import { type Piece, piecesOf } from '../analytics/pieces.ts';
import {
  countSources,
  type GroupRow,
  type Question,
  readClosed,
  readGroups,
  type Span,
} from '../analytics/store.ts';
import { ManualClock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Database } from '../storage/database.ts';
import { addUsageHours } from './add-hours.ts';
import { ClosedSpans, closeNext } from './closing.ts';
import { DAY_MS, MONDAY_MS, monthOf, WEEK_MS } from './days.ts';
import { BOUNDS_MS } from './histogram.ts';
import { endFiguresOf } from './members.ts';
import { HOUR_MS, HourlySums, seriesOf } from './usage-hours.ts';

const FIRST_MS = Date.parse('2025-10-29T00:00:00Z');
const END_MS = Date.parse('2026-02-10T00:00:00Z');

interface Asked {
  readonly atMs: number;
  readonly costNanoUsd: bigint;
  readonly model: string;
  readonly isCancelled: boolean;
  /** Which of some keys, each with an app of its own; without it the first. */
  readonly key?: number;
}

const asked = fc.record({
  atMs: fc.integer({ min: FIRST_MS, max: END_MS - 1 }),
  costNanoUsd: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  model: fc.constantFrom('acme/small', 'acme/large'),
  isCancelled: fc.boolean(),
  key: fc.integer({ min: 0, max: 3 }),
});

describe.each(engines)('on $name', (engine) => {
  let opened: TestDatabase;
  let database: Database;
  let accountId: string;
  beforeAll(async () => {
    opened = await engine.open();
    database = opened.database;
  });
  afterAll(() => opened?.dispose());
  beforeEach(() => {
    accountId = newId();
  });

  async function add(requests: readonly Asked[], openFromMs: number): Promise<void> {
    const sums = new HourlySums();
    for (const { atMs, costNanoUsd, model, isCancelled, key = 0 } of requests) {
      const more = { app_title: `App ${key}`, workspace_id: key % 2 === 0 ? null : 'w' };
      const row = seriesOf({ accountId, keyHash: `key ${key} of ${accountId}`, model, isByok: 0 }, more);
      const figures = { ...endFiguresOf({ prompt_tokens: 3, latency_ms: atMs % 5000 }), isCancelled };
      sums.add({ row, tags: [] }, atMs, costNanoUsd, figures);
    }
    await database.transaction((trx) => addUsageHours(trx, sums.totals, openFromMs));
  }

  async function closeUntil(endMs: number, rows?: number): Promise<void> {
    while (await database.transaction((trx) => closeNext(trx, accountId, endMs, rows)));
  }

  const questionOf = (
    fromMs: number,
    toMs: number,
    span: Span | null,
    dimensions: Question['dimensions'] = ['model', 'outcome'],
  ): Question => ({
    ...{ accountId, defaultWorkspaceId: '', madeBy: null, fromMs, toMs, span, source: 'hours' },
    ...{ dimensions, filters: [], bucketBoundsMs: BOUNDS_MS, maxGroups: 100_000 },
    sums: ['requests', 'cost_nano_usd', 'prompt_tokens', 'latency_b10', 'cancelled_requests'],
  });

  async function answers(question: Question) {
    const closed = await readClosed(database.db, accountId);
    const pieces = piecesOf(question, closed);
    const { fromMs, toMs } = question;
    const plain: Piece[] = [{ table: 'usage_hour', fromMs, toMs }];
    const sorted = (rows: GroupRow[]) =>
      rows
        .filter(({ requests }) => Number(requests) > 0)
        .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
        .sort();
    return {
      tables: new Set(pieces.map(({ table }) => table)),
      closed: sorted(await readGroups(database.db, question, pieces)),
      hours: sorted(await readGroups(database.db, question, plain)),
    };
  }

  const months: Span = {
    kind: 'at',
    beginnings: [0, 1, 2, 3, 4].map((later) => monthOf(FIRST_MS, later)),
  };
  const SPANS: readonly (Span | null)[] = [
    null,
    months,
    { kind: 'every', ms: DAY_MS, offsetMs: 0 },
    { kind: 'every', ms: WEEK_MS, offsetMs: MONDAY_MS },
    { kind: 'every', ms: HOUR_MS, offsetMs: 0 },
  ];
  /** Of whole accounts, of keys, and of what only single series tell apart. */
  const DIMENSIONS: readonly Question['dimensions'][] = [
    ['model', 'outcome'],
    ['workspace'],
    ['api_key_id'],
    ['app', 'model'],
    ['api_key_id', 'model'],
  ];

  test('every question has the answer of the hours alone, whatever came late and wherever adding up stopped', async () => {
    const hour = fc.integer({ min: 0, max: (END_MS - FIRST_MS) / HOUR_MS });
    const step = fc.record({
      ...{ requests: fc.array(asked, { maxLength: 20 }), closesAt: hour },
      // So many rows a step, and so many steps: it may end in the middle of an hour.
      ...{ rows: fc.integer({ min: 1, max: 4 }), steps: fc.integer({ min: 0, max: 12 }) },
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 5 }),
        fc.array(fc.tuple(hour, hour), { minLength: 1, maxLength: 1 }),
        // Many keys in few hours are what steps end within.
        fc.boolean(),
        async (all, ranges, isCrowded) => {
          accountId = newId();
          const placed = (request: Asked): Asked =>
            isCrowded
              ? { ...request, atMs: request.atMs - (request.atMs % (30 * DAY_MS)) + 40 * DAY_MS }
              : request;
          for (const { requests, closesAt, rows, steps } of all) {
            await add(requests.map(placed), Number.POSITIVE_INFINITY);
            const endMs = FIRST_MS + closesAt * HOUR_MS;
            for (let n = 0; n < steps; n += 1)
              await database.transaction((trx) => closeNext(trx, accountId, endMs, rows));
          }
          const { hourMs } = await readClosed(database.db, accountId);
          const at = Math.min(Math.max(hourMs, FIRST_MS), END_MS);
          const asked = ranges.map(
            ([one, other]) =>
              [Math.min(one, other), Math.max(one, other) + 1].map((n) => FIRST_MS + n * HOUR_MS) as [
                number,
                number,
              ],
          );
          // And ends beside the place that was come to.
          asked.push([FIRST_MS, at], [at - DAY_MS, at + HOUR_MS], [FIRST_MS, at + 2 * HOUR_MS]);
          for (const [from, to] of asked.filter(([one, other]) => one < other))
            for (const span of SPANS)
              for (const dimensions of DIMENSIONS) {
                const { closed, hours } = await answers(questionOf(from, to, span, dimensions));
                expect(closed).toEqual(hours);
              }
        },
      ),
      { numRuns: 10 },
    );
  }, 120_000);

  test('a year is read by its months, a week by its days, keys by their weeks, and what is not over by its hours', async () => {
    const every = Array.from({ length: 100 }, (_, n) => ({
      ...{
        atMs: FIRST_MS + n * DAY_MS + 5 * HOUR_MS,
        costNanoUsd: 1n,
        model: 'acme/small',
        isCancelled: false,
      },
    }));
    await add(every, 0);
    await closeUntil(Date.parse('2026-02-03T00:00:00Z'));
    const byApp: Question['dimensions'] = ['app'];
    const tables = async (span: Span | null, from = FIRST_MS, to = END_MS, dimensions = byApp) => [
      ...(await answers(questionOf(from, to, span, dimensions))).tables,
    ];
    expect(await tables(null)).toEqual(['usage_day', 'usage_month', 'usage_hour']);
    expect(await tables(SPANS[3] ?? null)).toEqual(['usage_day', 'usage_hour']);
    expect(await tables(SPANS[4] ?? null)).toEqual(['usage_hour']);
    const [from, to] = [Date.parse('2025-11-01T00:00:00Z'), Date.parse('2026-02-01T00:00:00Z')];
    expect(await tables(months, from, to)).toEqual(['usage_month']);
    expect(await tables(null, from + HOUR_MS, from + 20 * HOUR_MS)).toEqual(['usage_hour']);
    const { hours, closed } = await answers(questionOf(from, to, months));
    expect([closed.length, closed]).toEqual([3, hours]);

    const month: Span = { kind: 'every', ms: DAY_MS, offsetMs: 0 };
    const byModel: Question['dimensions'] = ['model', 'provider', 'outcome'];
    expect(await tables(month, FIRST_MS, END_MS, byModel)).toEqual(['usage_account_day', 'usage_hour']);
    // Days of a zone that is hours away from UTC begin within those of UTC.
    const aside: Span = { kind: 'every', ms: DAY_MS, offsetMs: 2 * HOUR_MS };
    expect(await tables(aside, FIRST_MS, END_MS, byModel)).toEqual(['usage_account_hour', 'usage_hour']);
    expect(await tables(null, from + HOUR_MS, to, ['api_key_id'])).toEqual([
      'usage_hour',
      'usage_key_day',
      'usage_key_week',
    ]);
    expect(await tables(SPANS[3] ?? null, from + DAY_MS, to, ['user'])).toEqual([
      'usage_key_day',
      'usage_key_week',
    ]);
    expect(await tables(null, FIRST_MS, END_MS, ['api_key_id'])).toEqual([
      'usage_key_day',
      'usage_month',
      'usage_hour',
    ]);
    expect(await tables(null, from, to, ['api_key_id', 'model'])).toEqual(['usage_month']);
  });

  test('of a day that is not over, two hours are read by series and those before them in as few rows as a whole day', async () => {
    const openDay = Date.parse('2026-01-07T00:00:00Z');
    const hours = Array.from({ length: 20 * 4 }, (_, n) => ({
      ...{ atMs: openDay + Math.floor(n / 4) * HOUR_MS, costNanoUsd: BigInt(n), isCancelled: false },
      ...{ model: n % 3 === 0 ? 'acme/small' : 'acme/large', key: n % 4 },
    }));
    await add(hours, 0);
    await closeUntil(openDay + 18 * HOUR_MS, 7);
    const read = async (dimensions: Question['dimensions']) => {
      const question = questionOf(openDay - DAY_MS, openDay + 20 * HOUR_MS, null, dimensions);
      const pieces = piecesOf(question, await readClosed(database.db, accountId));
      const { closed, hours: plain } = await answers(question);
      expect(closed).toEqual(plain);
      const rows: Record<string, number> = {};
      for (const piece of pieces)
        rows[piece.table] =
          (rows[piece.table] ?? 0) + (await countSources(database.db, question, [piece], { most: 1000 }));
      return rows;
    };
    expect(await read(['model', 'workspace'])).toEqual({ usage_account_day: 4, usage_hour: 8 });
    expect(await read(['api_key_id'])).toEqual({ usage_key_day: 4, usage_hour: 8 });
    expect(await read(['app', 'model'])).toEqual({ usage_day: 8, usage_hour: 8 });
  });

  test('what comes late while hours are being added up is in both, or waits', async () => {
    const late = (n: number): Asked => ({
      ...{ atMs: FIRST_MS + (n % 72) * HOUR_MS, costNanoUsd: 7n, model: 'acme/small', isCancelled: false },
    });
    await add([late(0), late(30), late(60)], 0);
    const end = FIRST_MS + 40 * DAY_MS;
    await Promise.all([
      closeUntil(end, 1),
      ...Array.from({ length: 40 }, (_, n) => add([late(n), late(n + 24)], Number.POSITIVE_INFINITY)),
      closeUntil(end),
    ]);
    const { hours, closed, tables } = await answers(questionOf(FIRST_MS, end, null));
    expect(tables.has('usage_account_day')).toBe(true);
    expect(closed).toEqual(hours);
    const bySeries = await answers(questionOf(FIRST_MS, end, null, ['app']));
    expect(bySeries.tables.has('usage_day')).toBe(true);
    expect(bySeries.closed).toEqual(bySeries.hours);
    expect(JSON.parse(closed[0] ?? '{}')).toMatchObject({ requests: expect.anything() });
    expect(Number(JSON.parse(closed[0] ?? '{}').requests)).toBe(83);
  });

  test('a question that is asked while hours are added up has each request once', async () => {
    const requests = Array.from({ length: 120 }, (_, n) => ({
      ...{ atMs: FIRST_MS + (n % 6) * HOUR_MS, costNanoUsd: 1n, model: 'acme/small', isCancelled: false },
      key: n % 20,
    }));
    await add(requests, 0);
    const end = FIRST_MS + 6 * HOUR_MS;
    let isOver = false;
    const closing = closeUntil(end, 1).then(() => {
      isOver = true;
    });
    const counts = new Set<unknown>();
    while (!isOver)
      for (const dimensions of [['model'], ['workspace', 'outcome'], ['app']] as const) {
        const groups = await boundedGroups(database, questionOf(FIRST_MS, end, null, dimensions));
        counts.add(groups.reduce((sum, { requests }) => sum + Number(requests), 0));
      }
    await closing;
    expect([...counts]).toEqual([120]);
  });

  test('a gateway adds up each hour two hours after its end, and not before', async () => {
    const { db } = database;
    const account = { id: accountId, kind: 'personal' as const, name: 'A', created_at_ms: 0 };
    await db.insertInto('account').values(account).execute();
    const first = { atMs: FIRST_MS, costNanoUsd: 5n, model: 'acme/small', isCancelled: false };
    await add([first, { ...first, atMs: FIRST_MS + HOUR_MS, costNanoUsd: 7n }], 0);
    const passAt = async (nowMs: number, untilMs: number) => {
      const spans = new ClosedSpans({ database, clock: new ManualClock(nowMs), logger: silent });
      spans.start();
      while ((await readClosed(db, accountId)).hourMs < untilMs) await Bun.sleep(5);
      await spans.stop();
      const days = await db.selectFrom('usage_day').selectAll().where('account_id', '=', accountId).execute();
      return [
        (await readClosed(db, accountId)).hourMs - FIRST_MS,
        days.map(({ start_ms, cost_nano_usd }) => [start_ms, cost_nano_usd]),
      ];
    };
    expect(await passAt(FIRST_MS + 3 * HOUR_MS - 1, FIRST_MS)).toEqual([0, []]);
    expect(await passAt(FIRST_MS + 3 * HOUR_MS, FIRST_MS + HOUR_MS)).toEqual([HOUR_MS, [[FIRST_MS, 5n]]]);
    expect(await passAt(FIRST_MS + 4 * HOUR_MS, FIRST_MS + 2 * HOUR_MS)).toEqual([
      ...[2 * HOUR_MS, [[FIRST_MS, 12n]]],
    ]);
  });
});
