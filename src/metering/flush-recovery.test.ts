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
  rowsIn,
  scopesOf,
  split,
} from '../../test/generations.ts';
import { Journal } from '../journal/journal.ts';
import { MAX_REQUEST_NANO_USD } from '../money.ts';
import type { Database } from '../storage/database.ts';
import { takeOverJournal } from '../storage/journal-position.ts';
import { Flusher } from './flush.ts';
import { SpendLog } from './spend-log.ts';

/** What the version before wrote: two that ended (one after another endpoint had failed), one with a mark, one without. */
const JOURNAL_OF_JSON_LINES = fs.readFileSync(
  join(import.meta.dir, '__fixtures__', 'journal-of-json-lines.txt'),
);

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

    test('who leases is not told again what the database had before the start', async () => {
      const before = await bench.start();
      before.record();
      before.record({ cost_nano_usd: 9n });
      await before.flusher.flushed();
      await bench.close();
      const { flusher, record, told } = await bench.start();
      record({ cost_nano_usd: 2n });
      await flusher.flushed();
      const all = told
        .flatMap(({ usage }) => usage)
        .filter(({ scope_id, window_id }) => scope_id === bench.account && window_id === 'all');
      expect(all.map(({ cost_nano_usd }) => cost_nano_usd)).toEqual([2n]);
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

    test('the journal of a process of an earlier version, byte for byte, comes in whole and once', async () => {
      fs.writeFileSync(join(bench.dir, '0000000000000001.log'), JOURNAL_OF_JSON_LINES);
      const down: Database = { ...bench.database, transaction: () => Promise.reject(new Error('down')) };
      // Killed once before anything is stored, then started twice: what was numbered anew counts once.
      expect((await rejectionOf(bench.start(down))).message).toContain('down');
      await bench.close();
      for (const _ of [1, 2]) {
        await bench.start();
        await bench.close();
      }
      const rows = await bench.database.db
        .selectFrom('generations')
        .selectAll()
        .where('account_id', '=', 'acme')
        .orderBy('id')
        .execute();
      const common = {
        key_hash: 'key-hash',
        workspace_id: 'work',
        request_id: 'req-00',
        api_type: 'completions',
      };
      expect(rows).toMatchObject([
        {
          ...{
            ...common,
            id: 'gen-1795176000-000000000000000000a1',
            created_at_ms: AT_MS,
            model: 'acme/small',
          },
          ...{ provider_slug: 'two', provider_name: 'Two', endpoint_tag: 'two/fp8', router: 'turnpike/auto' },
          ...{
            upstream_id: 'up-"1"\n',
            streamed: 1,
            cancelled: 0,
            estimated: 0,
            service_tier: 'flex',
            is_byok: 0,
          },
          ...{
            prompt_tokens: 11,
            completion_tokens: 12,
            reasoning_tokens: 3,
            cached_tokens: 4,
            image_count: 6,
          },
          ...{ cache_write_tokens: 5, cost_nano_usd: 700n, upstream_cost_nano_usd: 900n, latency_ms: 0 },
          ...{ cache_discount_nano_usd: -17n, overshoot_nano_usd: 200n, generation_time_ms: 40 },
          ...{
            http_referer: 'https://app.example/',
            app_title: 'Größe 🦊 \ufffd half \ufffd nul',
            end_user: 'abcd',
          },
          ...{ app_categories: 'cli-agent', user_agent: 'agent/1 "x"', session_id: 's-1' },
          ...{ external_user: 'u@example.com', finish_reason: 'stop', native_finish_reason: 'stop' },
          attempts: expect.stringContaining('"status":503'),
        },
        { ...common, cost_nano_usd: 29n, estimated: 1, cancelled: 1, completion_tokens: 9, streamed: 1 },
        { ...common, cost_nano_usd: 0n, estimated: 1, cancelled: 1, completion_tokens: 0 },
        { ...common, cost_nano_usd: 5n, is_byok: 1, estimated: 0, finish_reason: 'stop' },
      ]);
      const counter = bench.database.db
        .selectFrom('usage_window')
        .selectAll()
        .where('scope_id', '=', 'acme')
        .where('window_id', '=', 'all');
      expect(await counter.executeTakeFirst()).toMatchObject({
        ...{ cost_nano_usd: 729n, byok_nano_usd: 5n, requests: 4 },
      });
    });

    test('whichever segments of a journal are left, the requests that they settle are read from them alone', async () => {
      // Each segment holds a few records, and none but the last flush trims.
      const { journal, log } = await bench.unrecovered();
      const made: string[] = [];
      for (let n = 0; n < 40; n++) {
        const generation = generationOf({
          account_id: bench.account,
          key_hash: `key-${n % 3}`,
          app_title: `${n % 3}`,
        });
        made.push(generation.id);
        const { start, end } = split(generation);
        await log.dispatch(start, scopesOf(generation));
        await journal.durable();
        await log.settle(generation.id, end).durable;
      }
      await bench.close();
      const segments = fs.readdirSync(bench.dir).sort();
      expect(segments.length).toBeGreaterThan(8);
      for (let gone = 1; gone < segments.length - 1; gone += 3) {
        const dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-flush-'));
        for (const name of segments.slice(gone)) fs.copyFileSync(join(bench.dir, name), join(dir, name));
        const left = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
        const { unflushed, orphans } = await new SpendLog(left).recover(0, AT_MS, async () => new Set());
        await left.close();
        const rows = rowsIn(left);
        expect([...rows.keys()]).toEqual(unflushed.map(({ id }) => id));
        // Every request whose end is there, up to the last, wherever its hold was.
        expect([...rows.keys()]).toEqual(made.slice(made.length - rows.size));
        expect(rows.size).toBeGreaterThan(0);
        expect(orphans).toBe(0);
        for (const { key_hash, app_title } of rows.values()) expect(key_hash).toBe(`key-${app_title}`);
        fs.rmSync(dir, { recursive: true });
      }
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
