import { describe, expect, spyOn, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engines, rejectionOf } from '../../test/databases.ts';
import { FlushBench } from '../../test/flush-bench.ts';
import { AT_MS, generationOf, scopesOf } from '../../test/generations.ts';
import { newId } from '../ids.ts';
import type { Database } from '../storage/database.ts';
import { takeOverJournal } from '../storage/journal-position.ts';
import type { Flusher } from './flush.ts';
import { usageOf } from './usage-sums.ts';

test('a batch adds to every scope in four windows, in a fixed order, and keeps own-provider spend apart', () => {
  const scopes = scopesOf(generationOf());
  const spent = { scopes, atMs: AT_MS, costNanoUsd: 7n, byokNanoUsd: 0n, requests: 1 };
  const rows = usageOf([
    spent,
    { ...spent, costNanoUsd: 0n, byokNanoUsd: 5n },
    { ...spent, costNanoUsd: 0n, scopes: [['free', 'account']] },
  ]);
  const shown = rows.map((row) => [row.scope_kind, row.scope_id, row.window_id].join(' '));
  expect(shown).toEqual([...shown].sort());
  expect(rows).toHaveLength(12);
  const cell = (kind: string, id: string) =>
    rows.find((row) => row.scope_kind === kind && row.scope_id === id && row.window_id === '2026-W47');
  expect(cell('key', 'key')).toMatchObject({ cost_nano_usd: 7n, byok_nano_usd: 5n, requests: 2 });
  expect(cell('account', 'account')).toMatchObject({ cost_nano_usd: 7n, byok_nano_usd: 5n, requests: 2 });
  expect(cell('free', 'account')).toMatchObject({ cost_nano_usd: 0n, requests: 1 });
});

for (const engine of engines) {
  describe(`the flusher on ${engine.name}`, () => {
    const bench = FlushBench.on(engine);

    test('once flushed, the database holds every generation as it was, and each counter is the sum of its rows', async () => {
      const { flusher, record, seqs } = await bench.start();
      const first = record({ cost_nano_usd: 3n });
      for (let cost = 1n; cost <= 1200n; cost++) record({ cost_nano_usd: cost });
      await flusher.flushed();
      expect(flusher.depth).toBe(0);
      const sum = 3n + (1200n * 1201n) / 2n;
      expect(await bench.stored()).toEqual({ count: 1201, sum, usage: sum, requests: 1201 });
      const row = await bench.database.db
        .selectFrom('generations')
        .selectAll()
        .where('id', '=', first.id)
        .executeTakeFirstOrThrow();
      expect(row).toEqual({ ...first, ledger_transaction_id: expect.any(String) });
      expect((await takeOverJournal(bench.database.db, bench.nodeId)).flushedSeq).toBe(seqs.at(-1) ?? 0);
    });

    test('whatever callers and providers say is stored as they said it, but for what PostgreSQL refuses', async () => {
      const { flusher, record } = await bench.start();
      const texts = [
        'a\tb\nc\r',
        'O\'Brien "x" \\\\u0000 \\\\N',
        'nul \0',
        'half \ud83d',
        '\udc00',
        'ü 🦊',
        '',
        'null',
        '{}',
      ];
      const made = texts.map((text, index) =>
        record({
          request_id: `req-${index}`,
          ...{ session_id: text, end_user: text, upstream_id: text, finish_reason: text, service_tier: text },
          ...{
            app_title: text,
            user_agent: text,
            workspace_id: text,
            provider_name: text,
            model: `m ${text}`,
          },
          attempts: JSON.stringify([{ provider: text, tag: 'a', model: 'm', status: null, latency_ms: 1 }]),
        }),
      );
      const rows = await storedInOrder(flusher);
      const stored = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd');
      for (const [index, { session_id, attempts, ...row }] of rows.entries()) {
        const text = stored(texts[index] ?? '');
        expect(row).toMatchObject({
          end_user: text,
          upstream_id: text,
          finish_reason: text,
          service_tier: text,
        });
        expect(row).toMatchObject({
          app_title: text,
          user_agent: text,
          workspace_id: text,
          provider_name: text,
        });
        expect([session_id, JSON.parse(attempts)[0].provider]).toEqual([text, text]);
      }
      expect(rows.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    });

    test('integers beyond what others count exactly are, and absurd ones are bounded, and hold nothing up', async () => {
      const { flusher, record } = await bench.start();
      const exact = 2 ** 53 - 1;
      record({
        request_id: 'req-1',
        prompt_tokens: exact,
        cost_nano_usd: 10n ** 15n,
        upstream_cost_nano_usd: 10n ** 15n - 1n,
        latency_ms: 0,
      });
      record({
        request_id: 'req-2',
        prompt_tokens: 1e21,
        completion_tokens: 2.5,
        cached_tokens: Number.NaN,
        latency_ms: null,
      });
      const [first, second] = await storedInOrder(flusher);
      expect(first).toMatchObject({ prompt_tokens: exact, cost_nano_usd: 10n ** 15n, latency_ms: 0 });
      expect(first?.upstream_cost_nano_usd).toBe(10n ** 15n - 1n);
      expect(second).toMatchObject({
        prompt_tokens: exact,
        completion_tokens: 3,
        cached_tokens: 0,
        latency_ms: null,
      });
    });

    /** In the order in which they were made. */
    async function storedInOrder(flusher: Flusher) {
      await flusher.flushed();
      const rows = await bench.database.db
        .selectFrom('generations')
        .selectAll()
        .where('account_id', '=', bench.account)
        .execute();
      return rows.sort((a, b) => (a.request_id < b.request_id ? -1 : 1));
    }

    test('without being asked it flushes soon', async () => {
      const { flusher, record } = await bench.start();
      record();
      while (flusher.depth > 0) await Bun.sleep(10);
      expect((await bench.stored()).count).toBe(1);
    });

    test('while the database fails the records stay, readers are told, and all of it arrives in order afterwards', async () => {
      let isDown = true;
      const flaky: Database = {
        ...bench.database,
        transaction: (fn) =>
          isDown ? Promise.reject(new Error('the database is down')) : bench.database.transaction(fn),
      };
      const { flusher, record } = await bench.start(flaky);
      record();
      expect((await rejectionOf(flusher.flushed())).message).toContain('the database is down');
      record();
      expect(flusher.depth).toBe(2);
      isDown = false;
      record();
      await flusher.flushed();
      expect(await bench.stored()).toEqual({ count: 3, sum: 21n, usage: 21n, requests: 3 });
    });

    test('the delay is the age of the oldest record, over batches, outages and restarts', async () => {
      let isDown = true;
      const flaky: Database = {
        ...bench.database,
        async transaction(fn) {
          if (isDown) throw new Error('down');
          isDown = true;
          return await bench.database.transaction(fn);
        },
      };
      const { flusher, record } = await bench.start(flaky);
      for (let n = 0; n < 1001; n++) record({ generation_time_ms: 2000 });
      const delays = [flusher.delayMs];
      bench.clock.advance(62_000);
      delays.push(flusher.delayMs);
      isDown = false;
      expect((await rejectionOf(flusher.flushed())).message).toContain('down');
      expect(flusher.depth).toBe(1);
      delays.push(flusher.delayMs);
      await bench.close();
      const next = await bench.unrecovered(flaky);
      expect((await rejectionOf(next.flusher.recover())).message).toContain('down');
      delays.push(next.flusher.delayMs);
      bench.clock.set(AT_MS);
      expect(delays).toEqual([0, 60_000, 60_000, 60_000]);
    });

    test('a batch whose commit was not heard of is not added again, even while that commit is still under way', async () => {
      const gate = Promise.withResolvers<void>();
      const lost = Promise.withResolvers<void>();
      let attempts = 0;
      let zombie: Promise<void> | undefined;
      const forgetful: Database = {
        ...bench.database,
        async transaction(fn) {
          attempts += 1;
          if (attempts > 1) return await bench.database.transaction(fn);
          zombie = bench.database.transaction(async (trx) => {
            await fn(trx);
            lost.resolve();
            await gate.promise;
          });
          await lost.promise;
          throw new Error('the connection was lost');
        },
      };
      const { flusher, record } = await bench.start(forgetful);
      record();
      expect((await rejectionOf(flusher.flushed())).message).toContain('lost');
      record();
      const flushed = flusher.flushed();
      await Bun.sleep(50);
      gate.resolve();
      await zombie;
      await flushed;
      expect(await bench.stored()).toEqual({ count: 2, sum: 14n, usage: 14n, requests: 2 });
    });

    test('of journals that are read in turn, each from where it was left, every request is charged to its own account', async () => {
      // What is the same for all requests of an account is said once, with its first one, under the same number in both.
      const owners: { account: string; settle: () => Promise<void> }[] = [];
      const dirs: string[] = [];
      for (let n = 0; n < 2; n++) {
        const { flusher, record } = await bench.start();
        const settle = async () => {
          record();
          record({ is_byok: 1, cost_nano_usd: 5n });
          await flusher.flushed();
        };
        owners.push({ account: bench.account, settle });
        dirs.push(bench.dir);
        bench.dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-flush-'));
        [bench.nodeId, bench.account] = [newId(), newId()];
      }
      for (let round = 0; round < 2; round++) for (const { settle } of owners) await settle();
      for (const { account } of owners) {
        bench.account = account;
        expect(await bench.stored()).toEqual({ count: 4, sum: 24n, usage: 14n, requests: 4 });
        expect(await bench.debits()).toEqual([7n, 7n]);
      }
      for (const dir of dirs) expect(fs.readdirSync(dir)).toHaveLength(1);
      await bench.close();
      for (const dir of dirs) fs.rmSync(dir, { recursive: true });
    });

    test('a segment that cannot be deleted holds nothing up, and goes with a later flush', async () => {
      const { flusher, record } = await bench.start();
      const remove = spyOn(fs, 'rmSync').mockImplementation(() => {
        throw new Error('EROFS');
      });
      const round = async () => {
        // Enough for a few segments.
        for (let n = 0; n < 10; n++) record();
        await flusher.flushed();
        // What came in between is in a segment of its own, behind those that can go now.
        record();
        await flusher.flushed();
      };
      try {
        for (let n = 0; n < 3; n++) await round();
        expect(remove).toHaveBeenCalled();
      } finally {
        remove.mockRestore();
      }
      const kept = fs.readdirSync(bench.dir).length;
      await round();
      expect(fs.readdirSync(bench.dir).length).toBeLessThan(kept);
      expect((await bench.stored()).count).toBe(44);
    });

    test('nothing is flushed that is not on disk yet', async () => {
      const { journal, flusher, record } = await bench.start();
      const sync = Promise.withResolvers<void>();
      const durable = spyOn(journal, 'durable').mockImplementation(() => sync.promise);
      record();
      const flushed = flusher.flushed();
      await Bun.sleep(50);
      const { count } = await bench.stored();
      durable.mockRestore();
      sync.resolve();
      await flushed;
      expect(count).toBe(0);
      expect((await bench.stored()).count).toBe(1);
    });

    test('who leases is told what the database has now, once for each batch, with its position', async () => {
      const { flusher, record, told, seqs } = await bench.start();
      record();
      await flusher.flushed();
      record();
      record();
      await flusher.flushed();
      const shown = told.map(({ usage, throughSeq }) => {
        const all = usage.filter(
          ({ scope_id, window_id }) => scope_id === bench.account && window_id === 'all',
        );
        return [all.map(({ cost_nano_usd }) => cost_nano_usd), throughSeq];
      });
      expect(shown).toEqual([
        [[7n], seqs[0] ?? 0],
        [[14n], seqs[2] ?? 0],
      ]);
    });

    test('what goes over an own key at the provider is counted, and not debited', async () => {
      const { flusher, record } = await bench.start();
      record();
      record({ is_byok: 1, cost_nano_usd: 5n });
      record({ is_byok: 1, cost_nano_usd: 6n });
      await flusher.flushed();
      expect(await bench.debits()).toEqual([7n]);
      expect(await bench.stored()).toEqual({ count: 3, sum: 18n, usage: 7n, requests: 3 });
      expect(await bench.counter('all')).toMatchObject({ byok_nano_usd: 11n });
    });

    test('requests on either side of midnight count on their own days, and months, also when they end together', async () => {
      const { flusher, record } = await bench.start();
      const midnight = Date.parse('2026-12-01T00:00:00Z');
      record({ created_at_ms: midnight - 1, cost_nano_usd: 3n });
      record({ created_at_ms: midnight, cost_nano_usd: 4n });
      await flusher.flushed();
      const windows = ['2026-11-30', '2026-12-01', '2026-11', '2026-12', 'all'];
      const counters = await Promise.all(windows.map((windowId) => bench.counter(windowId)));
      expect(counters.map((counter) => counter?.cost_nano_usd)).toEqual([3n, 4n, 3n, 4n, 7n]);
    });

    test('an attempt whose commit was not heard of is not debited again with what came after it', async () => {
      let isLost = true;
      const forgetful: Database = {
        ...bench.database,
        async transaction(fn) {
          const answer = await bench.database.transaction(fn);
          if (!isLost) return answer;
          isLost = false;
          throw new Error('the connection was lost');
        },
      };
      const { flusher, record, told, seqs } = await bench.start(forgetful);
      record();
      expect((await rejectionOf(flusher.flushed())).message).toContain('lost');
      record();
      await flusher.flushed();
      expect(await bench.debits()).toEqual([7n, 7n]);
      // Whoever leases has not heard of the first: it is part of what is told.
      expect(told.map(({ throughSeq }) => throughSeq)).toEqual(seqs.slice(1));
      expect(told[0]?.usage.find(({ scope_id }) => scope_id === bench.account)?.cost_nano_usd).toBe(14n);
    });

    test('a reader that comes once it has stopped is refused, and not left waiting', async () => {
      const down: Database = { ...bench.database, transaction: () => Promise.reject(new Error('down')) };
      const { flusher, record } = await bench.start(down);
      await flusher.stop();
      record();
      expect((await rejectionOf(flusher.flushed())).message).toContain('stopped');
    });

    if (engine.name === 'sqlite') return;

    test('a flush takes what it settles from the node’s leases', async () => {
      const { flusher, record } = await bench.start();
      await bench.database.db
        .insertInto('scope_lease')
        .values({
          ...{ scope_kind: 'account', scope_id: bench.account, window_id: 'all', node_id: bench.nodeId },
          ...{ amount_nano_usd: 100n, grant_id: 'g', expires_at_ms: AT_MS },
        })
        .execute();
      record();
      await flusher.flushed();
      const lease = bench.database.db
        .selectFrom('scope_lease')
        .selectAll()
        .where('node_id', '=', bench.nodeId);
      expect(await lease.executeTakeFirstOrThrow()).toMatchObject({ amount_nano_usd: 93n });
    });
  });
}
