import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines, rejectionOf, type TestDatabase } from '../../test/databases.ts';
import { insertRows } from './bulk.ts';
import type { ChangeLogTable, UsageWindowTable } from './schema.ts';

const LARGE = 4_000_000_000_000_000_001n;
const KEY = 'ON CONFLICT (scope_kind, scope_id, window_id)';

function window(id: string, cost: bigint, requests = 1): UsageWindowTable {
  return {
    scope_kind: 'key',
    scope_id: id,
    window_id: 'all',
    cost_nano_usd: cost,
    byok_nano_usd: -cost,
    requests,
  };
}

for (const engine of engines) {
  describe(engine.name, () => {
    let subject: TestDatabase;
    beforeAll(async () => {
      subject = await engine.open();
    });
    afterAll(() => subject.dispose());

    const insert = (rows: readonly UsageWindowTable[], onConflict: `ON CONFLICT ${string}`) =>
      subject.database.transaction((trx) => insertRows(trx, 'usage_window', rows, onConflict));
    const stored = (prefix: string) =>
      subject.database.db
        .selectFrom('usage_window')
        .selectAll()
        .where('scope_id', 'like', `${prefix}%`)
        .orderBy('scope_id')
        .execute();

    test('integers of 64 bits are stored to the last digit, as integers', async () => {
      const rows = [
        window('exact-1', LARGE, 9_007_199_254_740_991),
        window('exact-2', 9_223_372_036_854_775_807n),
      ];
      await insert(rows, `${KEY} DO NOTHING`);
      expect(await stored('exact')).toEqual(rows);
      const sum = subject.database.db
        .selectFrom('usage_window')
        .select((of) => of('cost_nano_usd', '+', -1n).as('less_nano_usd'))
        .where('cost_nano_usd', '=', LARGE);
      expect(await sum.execute()).toEqual([{ less_nano_usd: LARGE - 1n }]);
    });

    test('a row that is there already stays as it was', async () => {
      await insert([window('stay-1', 1n)], `${KEY} DO NOTHING`);
      await insert([window('stay-1', 2n), window('stay-2', 2n)], `${KEY} DO NOTHING`);
      expect((await stored('stay')).map((row) => row.cost_nano_usd)).toEqual([1n, 2n]);
    });

    test('an update on conflict adds exactly', async () => {
      const add =
        `${KEY} DO UPDATE SET cost_nano_usd = usage_window.cost_nano_usd + excluded.cost_nano_usd` as const;
      await insert([window('add-1', LARGE), window('add-2', 1n)], add);
      await insert([window('add-1', LARGE), window('add-2', 1n)], add);
      expect((await stored('add')).map((row) => row.cost_nano_usd)).toEqual([2n * LARGE, 2n]);
    });

    test('a row that is refused takes the whole transaction with it, and the next one works', async () => {
      const rows = [window('refused-1', 1n), window('refused-1', 1n)];
      const failure = subject.database.transaction(async (trx) => {
        await insertRows(
          trx,
          'usage_window',
          rows,
          'ON CONFLICT (scope_kind, scope_id, window_id) DO NOTHING',
        );
        await insertRows(
          trx,
          'usage_window',
          [{ ...window('refused-2', 1n), requests: null as never }],
          `${KEY} DO NOTHING`,
        );
      });
      expect((await rejectionOf(failure)).message).toContain('requests');
      expect(await stored('refused')).toEqual([]);
      await insert([window('refused-3', 1n)], `${KEY} DO NOTHING`);
      expect(await stored('refused')).toEqual([window('refused-3', 1n)]);
    });

    test('texts arrive as they were, but for characters that PostgreSQL refuses', async () => {
      const texts = [
        '',
        'O\'Brien "x" \\u0000',
        'ünï 🦊\n\t',
        'a\0b',
        'half \ud83d',
        '\udc00',
        '1e3',
        '007',
        'null',
      ];
      const rows = texts.map(
        (subject_id, seq): ChangeLogTable => ({ seq, subject: 'text', subject_id, at_ms: 1 }),
      );
      await subject.database.transaction((trx) =>
        insertRows(trx, 'change_log', rows, 'ON CONFLICT DO NOTHING'),
      );
      const found = await subject.database.db.selectFrom('change_log').selectAll().orderBy('seq').execute();
      expect(found.map((row) => row.subject_id)).toEqual(
        texts.map((text) => text.toWellFormed().replaceAll('\0', '\ufffd')),
      );
    });

    test('no rows ask nothing of the database', async () => {
      await insert([], `${KEY} DO NOTHING`);
    });

    test('thousands of rows go at once', async () => {
      const rows = Array.from({ length: 3000 }, (_, n) =>
        window(`many-${String(n).padStart(4, '0')}`, BigInt(n)),
      );
      await insert(rows, `${KEY} DO NOTHING`);
      expect(await stored('many')).toEqual(rows);
    });
  });
}
