/** What opens a scope on PostgreSQL beside what a flush adds to it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { sql } from 'kysely';
import type { TestDatabase } from '../../test/databases.ts';
import { postgresEngine } from '../../test/lease-node.ts';
import { newId } from '../ids.ts';
import { addUsage } from '../metering/store.ts';
import { windowIds } from '../window.ts';
import { scopeOpener } from './store.ts';

const WINDOWS = Object.values(windowIds(Date.parse('2026-11-20T12:00:00Z'))).sort();

let opened: TestDatabase;
beforeAll(async () => {
  opened = await postgresEngine().open();
});
afterAll(() => opened?.dispose());

const counters = (scope_kind: string, scope_id: string, windows = WINDOWS) =>
  windows.map((window_id) => ({
    ...{ scope_kind, scope_id, window_id },
    ...{ cost_nano_usd: 5n, byok_nano_usd: 0n, requests: 1 },
  }));

async function untilBlocked(): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ waiting: number }>`
      SELECT COUNT(*)::int AS waiting FROM pg_locks WHERE NOT granted`.execute(opened.database.db);
    if ((rows[0]?.waiting ?? 0) > 0) return;
    await Bun.sleep(5);
  }
}

/** Opens as where the database hashes and does not sort, as it may with any number of rows: what it finds comes in no order. */
const openUnsorted = scopeOpener({
  transaction: async (work) =>
    await opened.database.transaction(async (trx) => {
      for (const way of ['indexscan', 'indexonlyscan', 'bitmapscan', 'sort'])
        await sql`SET LOCAL ${sql.raw(`enable_${way}`)} = off`.execute(trx);
      return await work(trx);
    }),
});

test('a scope that opens while a flush adds to its windows waits for it, whichever of them the flush has come to', async () => {
  const { database } = opened;
  for (let come = 1; come <= WINDOWS.length; come += 1) {
    const keyHash = newId();
    const scopeId = `account guardrail ${keyHash}`;
    await database.transaction((trx) => addUsage(trx, counters('key', keyHash)));
    await database.transaction((trx) => addUsage(trx, counters('guardrail_key', scopeId)));
    await database.transaction((trx) => addUsage(trx, counters('key', keyHash)));
    let opening: Promise<unknown> = Promise.resolve();
    // As a flush does it: in the order of their names, some of them late.
    await database.transaction(async (trx) => {
      await addUsage(trx, counters('guardrail_key', scopeId, WINDOWS.slice(0, come)));
      opening = openUnsorted('guardrail_key', scopeId, { keyHash }, WINDOWS);
      opening.catch(() => undefined);
      await untilBlocked();
      await addUsage(trx, counters('guardrail_key', scopeId, WINDOWS.slice(come)));
    });
    expect(await opening).toHaveLength(WINDOWS.length);
    const spent = await database.db
      .selectFrom('usage_window')
      .select(['window_id', 'requests'])
      .where('scope_id', '=', scopeId)
      .orderBy('window_id')
      .execute();
    expect(spent.map(({ requests }) => requests)).toEqual(WINDOWS.map(() => 3));
  }
});
