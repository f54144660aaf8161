/** Generations that go by their age: what is left agrees with ledger and counters to the last nano-USD, and a fault is still found. */
import { describe, expect, test } from 'bun:test';
import { type Kysely, sql } from 'kysely';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { spendFor } from '../../test/old-generations.ts';
import { createLogger } from '../log.ts';
import type { Tables } from '../storage/schema.ts';
import { GenerationRetention, missingBeforeMs } from './retention.ts';
import { findGeneration, readLastUses } from './store.ts';
import { verifyLedger } from './verify.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-29T10:00:00Z');
const logger = createLogger({ level: 'error', write: () => {}, clock: { nowMs: () => NOW_MS } });

const retentionOf = ({ database }: TestDatabase, days: number | null, nowMs = NOW_MS) =>
  new GenerationRetention({ database, logger, days, clock: { nowMs: () => nowMs } });

async function idsIn({ database }: TestDatabase): Promise<string[]> {
  const rows = await database.db.selectFrom('generations').select('id').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

/** What verifying says after a change, which is rolled back. */
async function faultAfter({ database }: TestDatabase, change: (db: Kysely<Tables>) => Promise<unknown>) {
  let fault: string | null = null;
  const rollback = new Error('rolled back');
  await database
    .transaction(async (trx) => {
      await change(trx);
      fault = (await verifyLedger(trx)).fault;
      throw rollback;
    })
    .catch((thrown) => {
      if (thrown !== rollback) throw thrown;
    });
  return fault as string | null;
}

for (const engine of engines) {
  describe(`retention on ${engine.name}`, () => {
    async function withDatabase(run: (opened: TestDatabase) => Promise<void>): Promise<void> {
      const opened = await engine.open();
      try {
        await run(opened);
      } finally {
        await opened.dispose();
      }
    }

    test('generations older than is kept are gone, the newer ones stay, and the ledger is right', () =>
      withDatabase(async (opened) => {
        const { db } = opened.database;
        const ids = await spendFor(opened, { days: 120, untilMs: NOW_MS });
        const before = await readLastUses(db, ['key-0', 'key-1', 'key-2', 'key-3']);
        await retentionOf(opened, 30).run();
        // Thirty days before 29 November: the 30th of October, whose month PostgreSQL keeps as a whole.
        const kept = engine.name === 'sqlite' ? 31 : 60;
        expect(await idsIn(opened)).toEqual(ids.slice(-kept));
        expect(await findGeneration(db, 'acme', ids[0] ?? '')).toBeUndefined();
        const { fault, generations, dropped } = await verifyLedger(db);
        expect({ fault, generations, dropped }).toEqual({
          fault: null,
          generations: kept,
          dropped: 120 - kept,
        });
        const { rows } = await sql`
          SELECT 1 FROM generation_scope WHERE generation_id NOT IN (SELECT id FROM generations)`.execute(db);
        expect(rows).toEqual([]);
        expect(await readLastUses(db, ['key-0', 'key-1', 'key-2', 'key-3'])).toEqual(before);
        // Years later nothing is left, and when a key was last used is still known.
        await retentionOf(opened, 30, NOW_MS + 900 * DAY_MS).run();
        expect(await idsIn(opened)).toEqual([]);
        expect(await verifyLedger(db)).toMatchObject({ fault: null, generations: 0, dropped: 120 });
        expect(await readLastUses(db, ['key-0', 'key-1', 'key-2', 'key-3'])).toEqual(before);
        expect(await db.selectFrom('carried_debit').select('transaction_id').execute()).toEqual([
          { transaction_id: '' },
        ]);
      }));

    test('a generation that is lost, doubled or changed after others were dropped is found', () =>
      withDatabase(async (opened) => {
        const ids = await spendFor(opened, { days: 120, untilMs: NOW_MS });
        await retentionOf(opened, 30).run();
        const [last = '', free = ''] = [ids.at(-2), ids.at(-5)];
        expect(await faultAfter(opened, async () => {})).toBeNull();
        const lost = await faultAfter(opened, (db) =>
          sql`DELETE FROM generation_record WHERE id = ${last}`.execute(db),
        );
        expect(lost).toStartWith('ledger_entry: transaction ');
        // One that cost nothing is missed by the counters.
        const lostFree = await faultAfter(opened, (db) =>
          sql`DELETE FROM generation_record WHERE id = ${free}`.execute(db),
        );
        expect(lostFree).toStartWith('usage_window: ');
        const columns =
          'account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, overshoot_nano_usd, ledger_transaction_id, rest, is_rolled_up';
        const doubled = await faultAfter(opened, (db) =>
          sql`INSERT INTO generation_record (id, ${sql.raw(columns)})
            SELECT ${`${last}-again`}, ${sql.raw(columns)} FROM generation_record WHERE id = ${last}`.execute(
            db,
          ),
        );
        expect(doubled).toStartWith('ledger_entry: transaction ');
        const changed = await faultAfter(opened, (db) =>
          sql`UPDATE generation_record SET cost_nano_usd = cost_nano_usd + 1 WHERE id = ${last}`.execute(db),
        );
        expect(changed).toStartWith('ledger_entry: transaction ');
      }));

    test('a dropped generation that comes back, and a carried sum that is off, missing or invented, are found', () =>
      withDatabase(async (opened) => {
        const ids = await spendFor(opened, { days: 120, untilMs: NOW_MS });
        const { db } = opened.database;
        const [oldest] = await sql<Record<string, unknown>>`
          SELECT * FROM generation_record WHERE id = ${ids[1] ?? ''}`
          .execute(db)
          .then(({ rows }) => rows);
        if (oldest === undefined) throw new Error('there is no generation');
        await retentionOf(opened, 30).run();
        const back = await faultAfter(opened, (trx) =>
          trx
            .insertInto('generation_record')
            .values({ ...oldest, rest: '{}' } as never)
            .execute(),
        );
        expect(back).toStartWith('ledger_entry: the transactions of dropped generations debit acme ');
        const faults = await Promise.all(
          [
            sql`UPDATE carried_debit SET cost_nano_usd = cost_nano_usd - 1 WHERE transaction_id = ''`,
            sql`DELETE FROM carried_debit`,
            sql`INSERT INTO carried_debit (account_id, transaction_id, cost_nano_usd) VALUES ('acme', 'none', 0)`,
            sql`UPDATE carried_spend SET requests = requests + 1 WHERE key_hash = 'key-1'`,
            sql`DELETE FROM carried_spend WHERE key_hash = 'key-2'`,
            sql`UPDATE carried_scope_spend SET cost_nano_usd = 0`,
            sql`INSERT INTO carried_scope_spend (scope_kind, scope_id, day_start_ms, cost_nano_usd, byok_nano_usd, requests)
              VALUES ('budget', 'other', 0, 1, 0, 1)`,
          ].map((change) => faultAfter(opened, (trx) => change.execute(trx))),
        );
        expect(faults.map((fault) => fault?.split(':')[0])).toEqual([
          ...['ledger_entry', 'ledger_entry', 'carried_debit'],
          ...['usage_window', 'usage_window', 'usage_window', 'usage_window'],
        ]);
      }));

    test('a generation that is in no sum by the hour yet stays, and goes once it is', () =>
      withDatabase(async (opened) => {
        const ids = await spendFor(opened, { days: 120, untilMs: NOW_MS });
        const { db } = opened.database;
        await sql`UPDATE generation_record SET is_rolled_up = 0 WHERE id = ${ids[3] ?? ''}`.execute(db);
        await retentionOf(opened, 30).run();
        expect(await idsIn(opened)).toContain(ids[3] ?? '');
        expect((await verifyLedger(db)).fault).toBeNull();
        await sql`UPDATE generation_record SET is_rolled_up = 1 WHERE id = ${ids[3] ?? ''}`.execute(db);
        await retentionOf(opened, 30).run();
        expect(await idsIn(opened)).not.toContain(ids[3] ?? '');
        expect((await verifyLedger(db)).fault).toBeNull();
      }));

    test('what a node brings in late, older than is kept, is charged once and goes as well', () =>
      withDatabase(async (opened) => {
        await spendFor(opened, { days: 120, untilMs: NOW_MS });
        await retentionOf(opened, 30).run();
        await spendFor(opened, { days: 90, untilMs: NOW_MS, node: 'late' });
        const { db } = opened.database;
        expect(await verifyLedger(db)).toMatchObject({ fault: null });
        await retentionOf(opened, 30).run();
        const kept = engine.name === 'sqlite' ? 31 : 60;
        expect(await verifyLedger(db)).toMatchObject({
          fault: null,
          generations: 2 * kept,
          dropped: 210 - 2 * kept,
        });
      }));

    test('without a setting nothing goes, and an export knows what is missing', () =>
      withDatabase(async (opened) => {
        const ids = await spendFor(opened, { days: 120, untilMs: NOW_MS });
        const { db } = opened.database;
        await retentionOf(opened, null).run();
        expect(await idsIn(opened)).toEqual(ids);
        expect(await missingBeforeMs(db, 0)).toBeNull();
        await retentionOf(opened, 30).run();
        const droppedMs = Date.parse(engine.name === 'sqlite' ? '2026-10-30' : '2026-10-01');
        expect(await missingBeforeMs(db, 0)).toBe(droppedMs);
        expect(await missingBeforeMs(db, droppedMs)).toBeNull();
      }));
  });
}
