/** What a process finds that comes after one that was killed, was copied, or is of an earlier version. */
import { describe, expect, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engines, rejectionOf } from '../../test/databases.ts';
import { FlushBench, silent } from '../../test/flush-bench.ts';
import {
  AT_MS,
  generationOf,
  journalled,
  journalledAsJson,
  scopesOf,
  split,
} from '../../test/generations.ts';
import { Journal } from '../journal/journal.ts';
import { MAX_REQUEST_NANO_USD } from '../money.ts';
import type { Database } from '../storage/database.ts';
import { Flusher } from './flush.ts';
import { SpendLog } from './spend-log.ts';
import { takeOverJournal } from './store.ts';

for (const engine of engines) {
  describe(`the flusher of a new start on ${engine.name}`, () => {
    const bench = FlushBench.on(engine);

    test('a process that died before it trimmed adds nothing again', async () => {
      const before = await bench.start();
      for (let n = 0; n < 20; n++) before.record();
      await before.flusher.flushed();
      // As if the database had been read before the last commit: every record is offered once more.
      const journal = Journal.open({ dir: bench.dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(journal);
      const turn = await takeOverJournal(bench.database.db, bench.nodeId);
      const flusher = new Flusher({
        database: bench.database,
        log,
        turn,
        logger: silent,
        clock: bench.clock,
      });
      const { unflushed } = await log.recover(0, AT_MS, async () => new Set());
      for (const each of unflushed) flusher.add(each);
      await flusher.stop();
      await journal.close();
      expect(await bench.stored()).toEqual({ count: 20, sum: 140n, usage: 140n, requests: 20 });
    });

    test('what an earlier process journalled and did not flush is flushed at the next start, once', async () => {
      const dead = Journal.open({ dir: bench.dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(dead);
      for (let n = 0; n < 3; n++) journalled(log, generationOf({ account_id: bench.account }));
      await dead.close();
      for (const _ of [1, 2]) {
        const { record, flusher } = await bench.start();
        record();
        await flusher.flushed();
        await bench.close();
      }
      expect(await bench.stored()).toEqual({ count: 5, sum: 35n, usage: 35n, requests: 5 });
    });

    test('what an earlier version journalled beyond the bounds of the columns is brought in within them', async () => {
      const dead = Journal.open({ dir: bench.dir, flushedSeq: 0, onFailure: () => {} });
      const [absurd, long] = [10n ** 20n, 'x'.repeat(10_000)];
      const money = { cost_nano_usd: absurd, upstream_cost_nano_usd: absurd, overshoot_nano_usd: absurd };
      const names = { upstream_id: long, native_finish_reason: long, service_tier: long };
      const members = { account_id: bench.account, cache_discount_nano_usd: -absurd, ...money, ...names };
      journalledAsJson(dead, generationOf(members));
      journalledAsJson(dead, generationOf({ account_id: bench.account }));
      await dead.close();
      await bench.start();
      const sum = MAX_REQUEST_NANO_USD + 7n;
      expect(await bench.stored()).toEqual({ count: 2, sum, usage: sum, requests: 2 });
    });

    test('a request that was sent and never ended is settled at its last mark, once', async () => {
      const dead = Journal.open({ dir: bench.dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(dead);
      const { start: sent } = split(generationOf({ account_id: bench.account, id: 'gen-marked' }));
      await log.dispatch(sent, scopesOf(generationOf({ account_id: bench.account })));
      log.mark('gen-marked', { promptTokens: 4, completionTokens: 9, costNanoUsd: 29n });
      for (const _ of [1, 2]) {
        await bench.start();
        await bench.close();
      }
      expect(await bench.stored()).toEqual({ count: 1, sum: 29n, usage: 29n, requests: 1 });
      const row = await bench.database.db
        .selectFrom('generations')
        .selectAll()
        .where('id', '=', 'gen-marked')
        .executeTakeFirstOrThrow();
      expect(row).toMatchObject({ estimated: 1, cancelled: 1, prompt_tokens: 4, completion_tokens: 9 });
      await bench.database.db.deleteFrom('generation_record').where('id', '=', 'gen-marked').execute();
    });

    test('a request that no provider answered before the crash costs nothing, for it may never have left', async () => {
      const dead = Journal.open({ dir: bench.dir, flushedSeq: 0, onFailure: () => {} });
      const { start: sent } = split(generationOf({ account_id: bench.account, id: 'gen-unanswered' }));
      await new SpendLog(dead).dispatch(sent, scopesOf(generationOf({ account_id: bench.account })));
      await dead.close();
      await bench.start();
      expect(await bench.stored()).toEqual({ count: 1, sum: 0n, usage: 0n, requests: 1 });
      await bench.database.db.deleteFrom('generation_record').where('id', '=', 'gen-unanswered').execute();
    });

    test('of two processes with one node id the one that started first ends, and its rows come at its next start', async () => {
      const first = await bench.start();
      first.record();
      await first.flusher.flushed();
      const firstDir = bench.dir;
      bench.dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-flush-'));
      fs.cpSync(firstDir, bench.dir, { recursive: true });
      const copy = await bench.start();
      for (let n = 0; n < 3; n++) copy.record();
      await copy.flusher.flushed();
      first.record();
      expect((await rejectionOf(first.flusher.flushed())).message).toContain(
        'another process has taken over the journal',
      );
      expect(first.failures).toHaveLength(1);
      expect(() => first.record()).toThrow();
      expect((await bench.stored()).count).toBe(4);
      await bench.close();
      fs.rmSync(bench.dir, { recursive: true });
      bench.dir = firstDir;
      for (const _ of [1, 2]) {
        await bench.start();
        await bench.close();
      }
      expect(await bench.stored()).toEqual({ count: 5, sum: 35n, usage: 35n, requests: 5 });
    });

    test('what a copy passed comes once, however often the start that numbers it anew dies before it is stored', async () => {
      const first = await bench.start();
      first.record();
      first.record();
      await bench.database.db
        .updateTable('journal_position')
        .set({ seq: 100, epoch: 'of a copy' })
        .where('node_id', '=', bench.nodeId)
        .execute();
      await bench.close();
      const down: Database = { ...bench.database, transaction: () => Promise.reject(new Error('down')) };
      for (const _ of [1, 2]) {
        expect((await rejectionOf(bench.start(down))).message).toContain('down');
        await bench.close();
      }
      for (const _ of [1, 2]) {
        await bench.start();
        await bench.close();
      }
      expect(await bench.stored()).toEqual({ count: 2, sum: 14n, usage: 14n, requests: 2 });
    });
  });
}
