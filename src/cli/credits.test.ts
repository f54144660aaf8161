import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { ensureInstance } from '../keys/bootstrap.ts';
import { run } from './credits.ts';

for (const engine of engines) {
  describe(`turnpike credits on ${engine.name}`, () => {
    let opened: TestDatabase;
    beforeAll(async () => {
      opened = await engine.open();
    });
    afterAll(() => opened.dispose());

    async function credits(...args: string[]) {
      const lines: string[] = [];
      // Of the whole configuration, only where the database is matters here.
      const config = { databaseUrl: opened.databaseUrl, dataDir: opened.dataDir } as Config;
      const code = await run(args, { config, print: (line) => lines.push(line) });
      return { code, text: lines.join('\n') };
    }

    const entries = () => opened.database.db.selectFrom('ledger_entry').selectAll().execute();

    test('on an empty database it says what to do first', async () => {
      expect((await credits('grant', '5', '--reason', 'x')).code).toBe(1);
      await ensureInstance({ database: opened.database, clock: systemClock, bootstrapManagementKey: null });
    });

    test('a command line that makes no sense is 2, and writes nothing', async () => {
      for (const args of [
        [],
        ['show', 'me'],
        ['grant'],
        ['grant', '5'],
        ['grant', '5', '--reason'],
        ['grant', '5', '--reason', ' '],
        ['grant', '-5', '--reason', 'x'],
        ['grant', '0', '--reason', 'x'],
        ['grant', '5 ', '--reason', 'x'],
        ['grant', '0.0000000001', '--reason', 'x'],
        ['grant', '4000000001', '--reason', 'x'],
        ['grant', '5', '--reason', 'x', '--force'],
        ['grant', '5', '6', '--reason', 'x'],
        ['adjust', '--5', '--reason', 'x'],
        ['adjust', '-0', '--reason', 'x'],
        ['steal', '5', '--reason', 'x'],
      ]) {
        expect([args, (await credits(...args)).code]).toEqual([args, 2]);
      }
      expect(await entries()).toEqual([]);
    });

    test('credits are granted and adjusted in both directions, each as two entries that sum to zero', async () => {
      expect((await credits('grant', '12345678.123456789', '--reason', 'a gift')).code).toBe(0);
      const given = (await entries()).find((row) => row.book === 'customer_balance');
      expect(given?.amount_nano_usd).toBe(12_345_678_123_456_789n);
      expect((await credits('adjust', '-12345678.123456789', '--reason', 'a mistake')).code).toBe(0);
      expect((await credits('adjust', '-5', '--reason', 'a debt')).text).toContain('-5 USD');
      expect((await credits('adjust', '7', '--reason', 'made good')).text).toContain(' 2 USD');
      expect((await credits('show')).text).toContain(' 2 USD');
      const rows = await entries();
      expect(rows).toHaveLength(8);
      const sums = new Map<string, bigint>();
      for (const row of rows) {
        sums.set(row.transaction_id, (sums.get(row.transaction_id) ?? 0n) + row.amount_nano_usd);
      }
      expect([...sums.values()]).toEqual([0n, 0n, 0n, 0n]);
      expect(rows.filter((row) => row.kind === 'adjustment' && row.reason === 'a debt')).toHaveLength(2);
    });
  });
}
