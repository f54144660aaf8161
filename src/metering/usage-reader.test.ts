import { describe, expect, test } from 'bun:test';
import { engines } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import type { Flusher } from './flush.ts';
import { UsageReader } from './usage-reader.ts';

// A Friday.
const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

for (const engine of engines) {
  describe(`spend on ${engine.name}`, () => {
    test('is read from the window of each name, when what only the journal holds is stored', async () => {
      await using stack = new AsyncDisposableStack();
      const opened = stack.adopt(await engine.open(), (subject) => subject.dispose());
      const { db } = opened.database;
      let flushes = 0;
      const flusher = {
        flushed: async () => {
          flushes += 1;
        },
      } as unknown as Flusher;
      const reader = new UsageReader({ db, flusher, clock: new ManualClock(NOW_MS) });
      const rows = ['all', '2026-11-20', '2026-W47', '2026-11', '2026-11-19', '2026-W46', '2026-10'].map(
        (window_id, at) => ({
          window_id,
          cost_nano_usd: BigInt(at + 1),
          byok_nano_usd: BigInt(10 * (at + 1)),
        }),
      );
      await db
        .insertInto('usage_window')
        .values(rows.map((row) => ({ scope_kind: 'key', scope_id: 'used', requests: 1, ...row })))
        .execute();
      const account = { scope_kind: 'account', scope_id: 'a', window_id: 'all', requests: 1 };
      await db
        .insertInto('usage_window')
        .values({ ...account, cost_nano_usd: 99n, byok_nano_usd: 1n })
        .execute();
      await db
        .insertInto('generation_record')
        .values({
          ...{
            id: 'gen-1',
            account_id: 'a',
            key_hash: 'used',
            created_at_ms: NOW_MS - 7,
            model: 'm',
            is_byok: 0,
          },
          ...{
            cost_nano_usd: 1n,
            overshoot_nano_usd: 0n,
            ledger_transaction_id: null,
            rest: '{}',
            is_rolled_up: 1,
          },
        })
        .execute();

      const none = { total: 0n, daily: 0n, weekly: 0n, monthly: 0n };
      const noByok = { byokTotal: 0n, byokDaily: 0n, byokWeekly: 0n, byokMonthly: 0n };
      expect(await reader.ofKeys(['used', 'new'])).toEqual(
        new Map([
          [
            'used',
            {
              ...{ total: 1n, daily: 2n, weekly: 3n, monthly: 4n },
              ...{ byokTotal: 10n, byokDaily: 20n, byokWeekly: 30n, byokMonthly: 40n },
              lastUsedAtMs: NOW_MS - 7,
            },
          ],
          ['new', { ...none, ...noByok, lastUsedAtMs: null }],
        ]),
      );
      expect(flushes).toBeGreaterThan(0);
      flushes = 0;
      expect(await reader.totalOfAccount('a')).toBe(99n);
      expect(flushes).toBe(1);
      expect(await reader.totalOfAccount('b')).toBe(0n);
    });
  });
}
