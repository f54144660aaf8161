/** The log narrowed by what no index knows, while rows stand in both tables. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { AT_MS, earlierColumns, generationOf } from '../../test/generations.ts';
import { type GenerationConditions, NO_CONDITIONS } from '../storage/generation-conditions.ts';
import { moveEarlierRows } from './earlier-store.ts';
import type { Generation } from './generation.ts';
import type { Place } from './generation-page.ts';
import type { TimeRange } from './generation-query.ts';
import { listGenerations } from './store.ts';

const ROWS = 400;
const one = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const members = fc.record<Partial<Generation>>({
  model: one('acme/small', 'acme/large'),
  model_permaslug: one('acme/small-2026', 'acme/large-2026'),
  provider_name: one('Acme', "O'Hara % _", null),
  app_title: one('Reading room', null),
  http_referer: one('https://a.example', 'https://a.example/x', 'https://a.example.evil/x', null),
  session_id: one('s-1', 's-2', null),
  external_user: one('u-1', null),
  request_id: one('req-1', 'req-2'),
  workspace_id: one('w-1', 'w-2', null),
  api_type: one('completions', 'embeddings'),
  door: one('chat', 'gemini', null),
  finish_reason: one('stop', 'error', null),
  cancelled: one<0 | 1>(0, 1),
  streamed: one<0 | 1>(0, 1),
  cost_nano_usd: one(0n, 7n, 5_000_000_000n),
  latency_ms: one(null, 0, 900, 30_000),
  generation_time_ms: one(null, 10, 60_000),
});

/** Of the places where a request may stand in the log, some. */
const conditions = fc.record<Partial<GenerationConditions>>(
  {
    model: one('acme/small', 'acme/large-2026', 'acme/none'),
    provider: one('Acme', "O'Hara % _"),
    app: one('Reading room', 'https://a.example'),
    session: one('s-1'),
    externalUser: one('u-1'),
    requestId: one('req-1'),
    workspace: one('w-1'),
    apiType: one('embeddings'),
    door: one('gemini'),
    outcome: one('complete', 'cancelled', 'failed'),
    finishReason: one('stop'),
    isStreamed: one(true, false),
    minCostNanoUsd: one(0n, 8n),
    minLatencyMs: one(901),
    minDurationMs: one(10),
  },
  { requiredKeys: [] },
);

function fits(row: Generation, wanted: Partial<GenerationConditions>): boolean {
  const outcome = row.cancelled === 1 ? 'cancelled' : row.finish_reason === 'error' ? 'failed' : 'complete';
  const same = (asked: unknown, has: unknown) => asked === undefined || asked === has;
  const { model, app } = wanted;
  return (
    (model === undefined || row.model === model || row.model_permaslug === model) &&
    (app === undefined ||
      row.app_title === app ||
      row.http_referer === app ||
      row.http_referer?.startsWith(`${app}/`) === true) &&
    same(wanted.provider, row.provider_name) &&
    same(wanted.session, row.session_id) &&
    same(wanted.externalUser, row.external_user) &&
    same(wanted.workspace, row.workspace_id) &&
    same(wanted.requestId, row.request_id) &&
    same(wanted.apiType, row.api_type) &&
    same(wanted.door, row.door) &&
    same(wanted.outcome, outcome) &&
    same(wanted.finishReason, row.finish_reason) &&
    same(wanted.isStreamed, row.streamed === 1) &&
    row.cost_nano_usd >= (wanted.minCostNanoUsd ?? -1n) &&
    (row.latency_ms ?? 0) >= (wanted.minLatencyMs ?? 0) &&
    (row.generation_time_ms ?? 0) >= (wanted.minDurationMs ?? 0)
  );
}

for (const engine of engines) {
  describe(`the narrowed log on ${engine.name}`, () => {
    let subject: TestDatabase;
    const [seed = 0] = fc.sample(fc.integer(), 1);
    const rows = fc
      .sample(members, { numRuns: ROWS, seed })
      .map((row, n) =>
        generationOf({ ...row, account_id: 'a', key_hash: `k-${n % 3}`, created_at_ms: AT_MS + (n % 70) }),
      )
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      // The first half is moved; of the rest nobody knows the door.
      .map((row, n) => (n < ROWS / 2 ? row : { ...row, door: null }));
    const listed = rows.toSorted((a, b) => b.created_at_ms - a.created_at_ms || (a.id < b.id ? 1 : -1));

    beforeAll(async () => {
      subject = await engine.open();
      const { database } = subject;
      for (let at = 0; at < rows.length; at += 100)
        await database.db
          .insertInto('generation' as never)
          .values(rows.slice(at, at + 100).map(earlierColumns) as never)
          .execute();
      await database.transaction((trx) => moveEarlierRows(trx, database.engine, '', ROWS / 2));
      for (const { id, door } of rows.slice(0, ROWS / 2)) {
        const { rest } = await sql<{ rest: string }>`
          SELECT CAST(rest AS TEXT) AS rest FROM generation_record WHERE id = ${id}`
          .execute(database.db)
          .then(({ rows: [found] }) => found ?? { rest: '' });
        await database.db
          .updateTable('generation_record')
          .set({ rest: JSON.stringify({ ...JSON.parse(rest), door: door ?? undefined }) })
          .where('id', '=', id)
          .execute();
      }
    });
    afterAll(() => subject.dispose());

    /** Page after page until there is none, and how often one ended before it was full. */
    async function read(
      wanted: Partial<GenerationConditions>,
      { keyHashes, range, limit, most }: { keyHashes: string[] | null; range: TimeRange } & Sizes,
    ) {
      const found: string[] = [];
      let after: Place | null = null;
      let pages = 0;
      do {
        const filter = {
          ...{ accountId: 'a', keyHashes, range, after, limit },
          conditions: { ...NO_CONDITIONS, ...wanted },
        };
        const page = await listGenerations(subject.database.db, filter, most);
        found.push(...page.rows.map(({ id }) => id));
        after = page.next;
        pages += 1;
      } while (after !== null);
      return { found, pages };
    }

    test('shows each request that fits once and in order, wherever a page ends', async () => {
      await fc.assert(
        fc.asyncProperty(
          conditions,
          fc.record({ limit: fc.integer({ min: 1, max: 90 }), most: fc.integer({ min: 20, max: 500 }) }),
          one(null, ['k-1'], ['k-0', 'k-2', 'k-none']),
          one<TimeRange>(
            { startMs: null, endMs: null },
            { startMs: AT_MS + 10, endMs: null },
            { startMs: AT_MS + 5, endMs: AT_MS + 40 },
          ),
          async (wanted, sizes, keyHashes, range) => {
            const { found } = await read(wanted, { ...sizes, keyHashes, range });
            const fitting = listed.filter(
              (row) =>
                fits(row, wanted) &&
                (keyHashes?.includes(row.key_hash) ?? true) &&
                row.created_at_ms >= (range.startMs ?? 0) &&
                row.created_at_ms < (range.endMs ?? Number.POSITIVE_INFINITY),
            );
            expect(found).toEqual(fitting.map(({ id }) => id));
          },
        ),
        { numRuns: 60, seed },
      );
    });

    test('looks at no more than it may for one page, and goes on behind that', async () => {
      const all = { keyHashes: null, range: { startMs: null, endMs: null } };
      const { found, pages } = await read({ session: 's-none' }, { ...all, limit: 50, most: 100 });
      expect(found).toEqual([]);
      expect(pages).toBeGreaterThanOrEqual(ROWS / 100);
    });
  });
}

interface Sizes {
  limit: number;
  most: number;
}
