/** How generations lie on PostgreSQL, and that nothing is lost while that changes. */
import { describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { engines, rejectionOf, type TestDatabase } from '../../test/databases.ts';
import { silent } from '../../test/flush-bench.ts';
import { spendFor } from '../../test/old-generations.ts';
import { newGenerationId } from '../ids.ts';
import { GenerationRetention } from '../metering/retention.ts';
import { dropMonth, MonthInUse } from '../metering/retention-store.ts';
import { findGeneration } from '../metering/store.ts';
import { verifyLedger } from '../metering/verify.ts';
import { openDatabase } from './database.ts';
import { arrangeGenerations, holdGenerations, listPartitions } from './partitions.ts';

const NOW_MS = Date.parse('2026-11-29T10:00:00Z');
const MAY_MS = Date.parse('2027-05-05T00:00:00Z');
const postgres = engines.find(({ name }) => name === 'postgres');

async function withPostgres(run: (opened: TestDatabase) => Promise<void>): Promise<void> {
  if (postgres === undefined) throw new Error('there is no PostgreSQL');
  const opened = await postgres.open();
  try {
    await run(opened);
  } finally {
    await opened.dispose();
  }
}

const names = async ({ database }: TestDatabase) =>
  (await database.transaction(listPartitions))
    .map(({ name }) => name.replace('generation_record_', ''))
    .sort();

const shown = async ({ database }: TestDatabase) =>
  (await database.db.selectFrom('generations').selectAll().orderBy('id').execute()) as unknown[];

/** The statement of a node of the version before, which knows of no partitions. */
const insertAsBefore = ({ database }: TestDatabase, atMs: number, id = newGenerationId(atMs)) =>
  sql`INSERT INTO generation_record (id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd,
      overshoot_nano_usd, ledger_transaction_id, rest, is_rolled_up)
    VALUES (${id}, 'a', 'k', ${atMs}, 'm', 0, 0, 0, NULL, '{}', 1) ON CONFLICT (id) DO NOTHING`.execute(
    database.db,
  );

const countOf = async ({ database }: TestDatabase, table: string) =>
  (await sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${sql.table(table)}`.execute(database.db))
    .rows[0]?.count;

describe('partitions of PostgreSQL', () => {
  test('an empty database gets this month and those to come, once, however many nodes ask for it', () =>
    withPostgres(async (opened) => {
      const other = await openDatabase(opened);
      const both = await Promise.allSettled([
        arrangeGenerations(opened.database, NOW_MS),
        arrangeGenerations(other, NOW_MS),
      ]);
      expect(both.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
      await arrangeGenerations(other, NOW_MS);
      expect(await names(opened)).toEqual(['2026_11', '2026_12', '2027_01', 'earlier', 'other']);
      await insertAsBefore(opened, NOW_MS);
      expect(await countOf(opened, 'generation_record_2026_11')).toBe(1);
      await arrangeGenerations(opened.database, Date.parse('2027-02-15T00:00:00Z'));
      expect(await names(opened)).toEqual([
        ...['2026_11', '2026_12', '2027_01', '2027_02', '2027_03', '2027_04'],
        ...['earlier', 'other'],
      ]);
      await other.close();
    }));

  test.each([
    ['in one transaction', 50_000],
    ['many, which are looked at before', 0],
  ])('what is there stays as it lies, %s, and is read and added to as before', (_, fewRows) =>
    withPostgres(async (opened) => {
      await spendFor(opened, { days: 100, untilMs: NOW_MS });
      const before = await shown(opened);
      const { rows: indexes } = await sql<{ name: string }>`
        SELECT indexname AS name FROM pg_indexes WHERE tablename = 'generation_record' ORDER BY 1`.execute(
        opened.database.db,
      );
      await arrangeGenerations(opened.database, NOW_MS, { fewRows });
      expect(await shown(opened)).toEqual(before);
      expect(await countOf(opened, 'generation_record_earlier')).toBe(100);
      const { rows: after } = await sql<{ name: string }>`
        SELECT indexname AS name FROM pg_indexes WHERE tablename = 'generation_record' ORDER BY 1`.execute(
        opened.database.db,
      );
      expect(after).toEqual(indexes);
      await spendFor(opened, { days: 100, untilMs: NOW_MS, node: 'more' });
      await arrangeGenerations(opened.database, NOW_MS, { fewRows });
      expect(await verifyLedger(opened.database.db)).toMatchObject({ fault: null, generations: 200 });
      await insertAsBefore(opened, Date.parse('2027-01-05T00:00:00Z'));
      expect(await countOf(opened, 'generation_record_2027_01')).toBe(1);
    }),
  );

  test('a check that a crash left half-way is begun again', () =>
    withPostgres(async (opened) => {
      await spendFor(opened, { days: 10, untilMs: NOW_MS });
      // An id that is none of ours stands behind every bound: many rows are not given one then, and nothing is refused.
      await insertAsBefore(opened, NOW_MS, 'gen-odd');
      const { code } = (await rejectionOf(arrangeGenerations(opened.database, NOW_MS, { fewRows: 0 }))) as {
        code?: unknown;
      };
      expect(code).toBe('23514');
      await insertAsBefore(opened, NOW_MS, 'gen-odder');
      await sql`ALTER TABLE generation_record_earlier ADD CONSTRAINT generation_record_earlier_end CHECK (id < 'gen-1') NOT VALID`.execute(
        opened.database.db,
      );
      await sql`DELETE FROM generation_record WHERE id LIKE 'gen-odd%'`.execute(opened.database.db);
      await arrangeGenerations(opened.database, NOW_MS, { fewRows: 0 });
      expect(await names(opened)).toContain('other');
      await insertAsBefore(opened, NOW_MS, 'gen-odd');
      expect(await countOf(opened, 'generation_record_other')).toBe(1);
    }));

  test('a row of a month that nobody prepared finds a place, and moves to its month later', () =>
    withPostgres(async (opened) => {
      await arrangeGenerations(opened.database, NOW_MS);
      await insertAsBefore(opened, MAY_MS);
      expect(await countOf(opened, 'generation_record_other')).toBe(1);
      const before = await shown(opened);
      await arrangeGenerations(opened.database, Date.parse('2027-04-01T00:00:00Z'));
      expect(await countOf(opened, 'generation_record_other')).toBe(0);
      expect(await countOf(opened, 'generation_record_2027_05')).toBe(1);
      expect(await shown(opened)).toEqual(before);
    }));

  test.each([
    ['while the table gets its partitions', false, NOW_MS],
    ['while it moves to its month', true, Date.parse('2027-04-01T00:00:00Z')],
  ])('whoever looks for a row %s finds it', (_, isArranged, nextMs) =>
    withPostgres(async (opened) => {
      const { database } = opened;
      if (isArranged) await arrangeGenerations(database, NOW_MS);
      const may = newGenerationId(MAY_MS);
      await insertAsBefore(opened, MAY_MS, may);
      let isOver = false;
      const missed: number[] = [];
      const readers = Array.from({ length: 6 }, async () => {
        for (let n = 0; !isOver; n += 1)
          if ((await findGeneration(database.db, 'a', may)) === undefined) missed.push(n);
      });
      // Readers are many, and may be served first.
      for (let isThrough = false; !isThrough; )
        isThrough = await arrangeGenerations(database, nextMs).then(
          () => true,
          () => false,
        );
      isOver = true;
      await Promise.all(readers);
      expect(await countOf(opened, `generation_record_${isArranged ? '2027_05' : 'other'}`)).toBe(1);
      expect(missed).toEqual([]);
    }),
  );

  test('a month that somebody reads is not dropped, nothing is carried, and who reads is told the truth', () =>
    withPostgres(async (opened) => {
      const { database } = opened;
      await arrangeGenerations(database, Date.parse('2026-08-10T00:00:00Z'));
      await spendFor(opened, { days: 100, untilMs: NOW_MS });
      const september = (await database.transaction(listPartitions)).find(({ name }) =>
        name.endsWith('2026_09'),
      );
      if (september === undefined) throw new Error('there is no September');
      await database.snapshot(async (reading) => {
        await holdGenerations(reading, 'postgres');
        const patience = { waited: async () => {}, tries: 2 };
        const refused = await rejectionOf(database.transaction((trx) => dropMonth(trx, september, patience)));
        expect(refused).toBeInstanceOf(MonthInUse);
        expect(await verifyLedger(reading)).toMatchObject({ fault: null, generations: 100, dropped: 0 });
      });
      expect(await verifyLedger(database.db)).toMatchObject({ fault: null, generations: 100, dropped: 0 });
      await new GenerationRetention({
        database,
        logger: silent,
        days: 7,
        clock: { nowMs: () => NOW_MS },
      }).run();
      expect((await names(opened)).filter((name) => name.startsWith('2026'))).toEqual(['2026_11', '2026_12']);
      expect(await verifyLedger(database.db)).toMatchObject({ fault: null, generations: 29, dropped: 71 });
    }));
});
