import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, spyOn, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { newGenerationId, newId } from '../ids.ts';
import { Journal } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { MAX_REQUEST_NANO_USD } from '../money.ts';
import type { Database } from '../storage/database.ts';
import type { UsageWindowTable } from '../storage/schema.ts';
import { Flusher, usageOf } from './flush.ts';
import type { Generation, GenerationEnd, GenerationStart, SettledGeneration } from './generation.ts';
import { SpendLog } from './spend-log.ts';
import { takeOverJournal } from './store.ts';

const AT_MS = Date.parse('2026-11-20T12:00:00Z');
const clock = new ManualClock(AT_MS);
const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

function generationOf(members: Partial<Generation> = {}): Generation {
  return {
    id: newGenerationId(AT_MS),
    account_id: 'account',
    workspace_id: null,
    key_hash: 'key',
    request_id: 'req',
    created_at_ms: AT_MS,
    api_type: 'completions',
    model: 'acme/small',
    model_permaslug: 'acme/small',
    router: null,
    provider_slug: 'acme',
    provider_name: 'Acme',
    endpoint_tag: 'acme',
    upstream_id: null,
    streamed: 0,
    cancelled: 0,
    estimated: 0,
    is_byok: 0,
    finish_reason: 'stop',
    native_finish_reason: 'stop',
    service_tier: null,
    prompt_tokens: 1,
    completion_tokens: 1,
    reasoning_tokens: 0,
    cached_tokens: 0,
    cache_write_tokens: 0,
    image_count: 0,
    cost_nano_usd: 7n,
    upstream_cost_nano_usd: 7n,
    cache_discount_nano_usd: -1n,
    latency_ms: 1,
    generation_time_ms: 2,
    http_referer: null,
    app_title: null,
    app_categories: null,
    user_agent: null,
    session_id: null,
    end_user: null,
    external_user: null,
    attempts: '[]',
    overshoot_nano_usd: 0n,
    ledger_transaction_id: null,
    ...members,
  };
}

const START_COLUMNS = new Set<string>([
  ...['id', 'account_id', 'workspace_id', 'key_hash', 'request_id', 'created_at_ms', 'api_type', 'model'],
  ...['model_permaslug', 'router', 'provider_slug', 'provider_name', 'endpoint_tag', 'streamed', 'is_byok'],
  ...['http_referer', 'app_title', 'app_categories', 'user_agent', 'session_id', 'end_user', 'external_user'],
]);

function split(generation: Generation): { start: GenerationStart; end: GenerationEnd } {
  const { ledger_transaction_id: _, ...columns } = generation;
  const entries = Object.entries(columns);
  const start = Object.fromEntries(entries.filter(([name]) => START_COLUMNS.has(name)));
  const end = Object.fromEntries(entries.filter(([name]) => !START_COLUMNS.has(name)));
  return { start, end } as unknown as { start: GenerationStart; end: GenerationEnd };
}

function settled(generation: Generation): SettledGeneration {
  const { key_hash, account_id } = generation;
  return {
    generation,
    scopes: [
      ['key', key_hash],
      ['account', account_id],
    ],
  };
}

/** As a request journals itself: when it is sent, and at its end. */
function journalled(log: SpendLog, generation: Generation): { seq: number } & SettledGeneration {
  const { start, end } = split(generation);
  const { scopes } = settled(generation);
  void log.dispatch(start, scopes);
  return log.settle(start.id, end).settled;
}

test('a batch adds to every scope in four windows, in a fixed order, and keeps own-provider spend apart', () => {
  const rows = usageOf([
    settled(generationOf()),
    settled(generationOf({ cost_nano_usd: 5n, is_byok: 1 })),
    { ...settled(generationOf({ cost_nano_usd: 0n })), scopes: [['free', 'account']] },
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

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => 'it succeeded', String);
}

for (const engine of engines) {
  describe(`the flusher on ${engine.name}`, () => {
    let opened: TestDatabase;
    let database: Database;
    let dir: string;
    let nodeId: string;
    let account: string;
    const closing: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      opened = await engine.open();
      database = opened.database;
    });
    afterAll(() => opened.dispose());
    beforeEach(() => {
      dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-flush-'));
      [nodeId, account] = [newId(), newId()];
    });
    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
      fs.rmSync(dir, { recursive: true, force: true });
    });

    /** As one process would have it, after what earlier ones left in the journal. */
    async function unrecovered(through: Database = database) {
      const turn = await takeOverJournal(database.db, nodeId);
      const { flushedSeq } = turn;
      const failures: unknown[] = [];
      const onFailure = (cause: unknown) => failures.push(cause);
      const journal = Journal.open({ dir, flushedSeq, onFailure, segmentBytes: 2000 });
      const log = new SpendLog(journal);
      const told: { usage: readonly UsageWindowTable[]; throughSeq: number }[] = [];
      const onFlushed = (usage: readonly UsageWindowTable[], throughSeq: number) =>
        told.push({ usage, throughSeq });
      const flusher = new Flusher({ database: through, log, turn, logger: silent, clock, onFlushed });
      closing.push(async () => {
        await flusher.stop();
        await journal.close();
      });
      const record = (members: Partial<Generation> = {}) => {
        const generation = generationOf({ account_id: account, key_hash: `key of ${account}`, ...members });
        flusher.add(journalled(log, generation));
        return generation;
      };
      return { journal, log, flusher, record, failures, told };
    }

    async function start(through: Database = database) {
      const started = await unrecovered(through);
      await started.flusher.recover();
      return started;
    }

    async function stored() {
      const rows = await database.db
        .selectFrom('generation')
        .selectAll()
        .where('account_id', '=', account)
        .execute();
      const usage = await database.db
        .selectFrom('usage_window')
        .selectAll()
        .where('scope_id', '=', account)
        .where('window_id', '=', 'all')
        .executeTakeFirst();
      return {
        count: rows.length,
        sum: rows.reduce((sum, row) => sum + row.cost_nano_usd, 0n),
        usage: usage?.cost_nano_usd ?? 0n,
        requests: usage?.requests ?? 0,
      };
    }

    async function debits() {
      const rows = await database.db
        .selectFrom('ledger_entry')
        .selectAll()
        .where('account_id', '=', account)
        .where('book', '=', 'customer_balance')
        .orderBy('transaction_id')
        .execute();
      return rows.map((row) => -row.amount_nano_usd);
    }

    test('once flushed, the database holds every generation as it was, and each counter is the sum of its rows', async () => {
      const { flusher, record } = await start();
      const first = record({ cost_nano_usd: 3n });
      for (let cost = 1n; cost <= 1200n; cost++) record({ cost_nano_usd: cost });
      await flusher.flushed();
      expect(flusher.depth).toBe(0);
      const sum = 3n + (1200n * 1201n) / 2n;
      expect(await stored()).toEqual({ count: 1201, sum, usage: sum, requests: 1201 });
      const row = await database.db
        .selectFrom('generation')
        .selectAll()
        .where('id', '=', first.id)
        .executeTakeFirstOrThrow();
      expect(row).toEqual({ ...first, ledger_transaction_id: expect.any(String) });
      expect((await takeOverJournal(database.db, nodeId)).flushedSeq).toBe(2 * 1201);
    });

    test('without being asked it flushes soon', async () => {
      const { flusher, record } = await start();
      record();
      while (flusher.depth > 0) await Bun.sleep(10);
      expect((await stored()).count).toBe(1);
    });

    test('a process that died before it trimmed adds nothing again', async () => {
      const before = await start();
      for (let n = 0; n < 20; n++) before.record();
      await before.flusher.flushed();
      // As if the database had been read before the last commit: every record is offered once more.
      const journal = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(journal);
      const turn = await takeOverJournal(database.db, nodeId);
      const flusher = new Flusher({ database, log, turn, logger: silent, clock });
      const { unflushed } = await log.recover(0, AT_MS, async () => new Set());
      for (const settled of unflushed) flusher.add(settled);
      await flusher.stop();
      await journal.close();
      expect(await stored()).toEqual({ count: 20, sum: 140n, usage: 140n, requests: 20 });
    });

    test('what an earlier process journalled and did not flush is flushed at the next start, once', async () => {
      const dead = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(dead);
      for (let n = 0; n < 3; n++) journalled(log, generationOf({ account_id: account }));
      await dead.close();
      for (const _ of [1, 2]) {
        const { record, flusher } = await start();
        record();
        await flusher.flushed();
        await closing.pop()?.();
      }
      expect(await stored()).toEqual({ count: 5, sum: 35n, usage: 35n, requests: 5 });
    });

    test('what an earlier version journalled beyond the bounds of the columns is brought in within them', async () => {
      const dead = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(dead);
      const [absurd, long] = [10n ** 20n, 'x'.repeat(10_000)];
      const money = { cost_nano_usd: absurd, upstream_cost_nano_usd: absurd, overshoot_nano_usd: absurd };
      const names = { upstream_id: long, native_finish_reason: long, service_tier: long };
      const members = { account_id: account, cache_discount_nano_usd: -absurd, ...money, ...names };
      journalled(log, generationOf(members));
      journalled(log, generationOf({ account_id: account }));
      await dead.close();
      await start();
      const sum = MAX_REQUEST_NANO_USD + 7n;
      expect(await stored()).toEqual({ count: 2, sum, usage: sum, requests: 2 });
    });

    test('a request that was sent and never ended is settled at its last mark, once', async () => {
      const dead = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
      const log = new SpendLog(dead);
      const { start: sent } = split(generationOf({ account_id: account, id: 'gen-marked' }));
      await log.dispatch(sent, settled(generationOf({ account_id: account })).scopes);
      log.mark('gen-marked', { promptTokens: 4, completionTokens: 9, costNanoUsd: 29n });
      for (const _ of [1, 2]) {
        await start();
        await closing.pop()?.();
      }
      expect(await stored()).toEqual({ count: 1, sum: 29n, usage: 29n, requests: 1 });
      const row = await database.db
        .selectFrom('generation')
        .selectAll()
        .where('id', '=', 'gen-marked')
        .executeTakeFirstOrThrow();
      expect(row).toMatchObject({ estimated: 1, cancelled: 1, prompt_tokens: 4, completion_tokens: 9 });
      await database.db.deleteFrom('generation').where('id', '=', 'gen-marked').execute();
    });

    test('a request that no provider answered before the crash costs nothing, for it may never have left', async () => {
      const dead = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
      const { start: sent } = split(generationOf({ account_id: account, id: 'gen-unanswered' }));
      await new SpendLog(dead).dispatch(sent, settled(generationOf({ account_id: account })).scopes);
      await dead.close();
      await start();
      expect(await stored()).toEqual({ count: 1, sum: 0n, usage: 0n, requests: 1 });
      await database.db.deleteFrom('generation').where('id', '=', 'gen-unanswered').execute();
    });

    test('while the database fails the records stay, readers are told, and all of it arrives in order afterwards', async () => {
      let isDown = true;
      const flaky: Database = {
        ...database,
        transaction: (fn) =>
          isDown ? Promise.reject(new Error('the database is down')) : database.transaction(fn),
      };
      const { flusher, record } = await start(flaky);
      record();
      expect(await reasonOf(flusher.flushed())).toContain('the database is down');
      record();
      expect(flusher.depth).toBe(2);
      isDown = false;
      record();
      await flusher.flushed();
      expect(await stored()).toEqual({ count: 3, sum: 21n, usage: 21n, requests: 3 });
    });

    test('the delay is the age of the oldest record, over batches, outages and restarts', async () => {
      let isDown = true;
      const flaky: Database = {
        ...database,
        async transaction(fn) {
          if (isDown) throw new Error('down');
          isDown = true;
          return await database.transaction(fn);
        },
      };
      const { flusher, record } = await start(flaky);
      for (let n = 0; n < 1001; n++) record({ generation_time_ms: 2000 });
      const delays = [flusher.delayMs];
      clock.advance(62_000);
      delays.push(flusher.delayMs);
      isDown = false;
      expect(await reasonOf(flusher.flushed())).toContain('down');
      expect(flusher.depth).toBe(1);
      delays.push(flusher.delayMs);
      await closing.pop()?.();
      const next = await unrecovered(flaky);
      expect(await reasonOf(next.flusher.recover())).toContain('down');
      delays.push(next.flusher.delayMs);
      clock.set(AT_MS);
      expect(delays).toEqual([0, 60_000, 60_000, 60_000]);
    });

    test('a batch whose commit was not heard of is not added again, even while that commit is still under way', async () => {
      const gate = Promise.withResolvers<void>();
      const lost = Promise.withResolvers<void>();
      let attempts = 0;
      let zombie: Promise<void> | undefined;
      const forgetful: Database = {
        ...database,
        async transaction(fn) {
          attempts += 1;
          if (attempts > 1) return await database.transaction(fn);
          zombie = database.transaction(async (trx) => {
            await fn(trx);
            lost.resolve();
            await gate.promise;
          });
          await lost.promise;
          throw new Error('the connection was lost');
        },
      };
      const { flusher, record } = await start(forgetful);
      record();
      expect(await reasonOf(flusher.flushed())).toContain('lost');
      record();
      const flushed = flusher.flushed();
      await Bun.sleep(50);
      gate.resolve();
      await zombie;
      await flushed;
      expect(await stored()).toEqual({ count: 2, sum: 14n, usage: 14n, requests: 2 });
    });

    test('of two processes with one node id the one that started first ends, and its rows come at its next start', async () => {
      const first = await start();
      first.record();
      await first.flusher.flushed();
      const firstDir = dir;
      dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-flush-'));
      fs.cpSync(firstDir, dir, { recursive: true });
      const copy = await start();
      for (let n = 0; n < 3; n++) copy.record();
      await copy.flusher.flushed();
      first.record();
      expect(await reasonOf(first.flusher.flushed())).toContain('another process has taken over the journal');
      expect(first.failures).toHaveLength(1);
      expect(() => first.record()).toThrow();
      expect((await stored()).count).toBe(4);
      for (const close of closing.splice(0)) await close();
      fs.rmSync(dir, { recursive: true });
      dir = firstDir;
      for (const _ of [1, 2]) {
        await start();
        await closing.pop()?.();
      }
      expect(await stored()).toEqual({ count: 5, sum: 35n, usage: 35n, requests: 5 });
    });

    test('what a copy passed comes once, however often the start that numbers it anew dies before it is stored', async () => {
      const first = await start();
      first.record();
      first.record();
      await database.db
        .updateTable('journal_position')
        .set({ seq: 100, epoch: 'of a copy' })
        .where('node_id', '=', nodeId)
        .execute();
      await closing.pop()?.();
      const down: Database = { ...database, transaction: () => Promise.reject(new Error('down')) };
      for (const _ of [1, 2]) {
        expect(await reasonOf(start(down))).toContain('down');
        await closing.pop()?.();
      }
      for (const _ of [1, 2]) {
        await start();
        await closing.pop()?.();
      }
      expect(await stored()).toEqual({ count: 2, sum: 14n, usage: 14n, requests: 2 });
    });

    test('a segment that cannot be deleted holds nothing up, and goes with a later flush', async () => {
      const { flusher, record } = await start();
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
      const kept = fs.readdirSync(dir).length;
      await round();
      expect(fs.readdirSync(dir).length).toBeLessThan(kept);
      expect((await stored()).count).toBe(44);
    });

    test('nothing is flushed that is not on disk yet', async () => {
      const { journal, flusher, record } = await start();
      const sync = Promise.withResolvers<void>();
      const durable = spyOn(journal, 'durable').mockImplementation(() => sync.promise);
      record();
      const flushed = flusher.flushed();
      await Bun.sleep(50);
      const { count } = await stored();
      durable.mockRestore();
      sync.resolve();
      await flushed;
      expect(count).toBe(0);
      expect((await stored()).count).toBe(1);
    });

    test('who leases is told what the database has now, once for each batch, with its position', async () => {
      const { flusher, record, told } = await start();
      record();
      await flusher.flushed();
      record();
      record();
      await flusher.flushed();
      const shown = told.map(({ usage, throughSeq }) => {
        const all = usage.filter(({ scope_id, window_id }) => scope_id === account && window_id === 'all');
        return [all.map(({ cost_nano_usd }) => cost_nano_usd), throughSeq];
      });
      expect(shown).toEqual([
        [[7n], 2],
        [[14n], 6],
      ]);
    });

    test('what goes over an own key at the provider is counted, and not debited', async () => {
      const { flusher, record } = await start();
      record();
      record({ is_byok: 1, cost_nano_usd: 5n });
      await flusher.flushed();
      expect(await debits()).toEqual([7n]);
      expect(await stored()).toEqual({ count: 2, sum: 12n, usage: 7n, requests: 2 });
    });

    test('an attempt whose commit was not heard of is not debited again with what came after it', async () => {
      let isLost = true;
      const forgetful: Database = {
        ...database,
        async transaction(fn) {
          const answer = await database.transaction(fn);
          if (!isLost) return answer;
          isLost = false;
          throw new Error('the connection was lost');
        },
      };
      const { flusher, record, told } = await start(forgetful);
      record();
      expect(await reasonOf(flusher.flushed())).toContain('lost');
      record();
      await flusher.flushed();
      expect(await debits()).toEqual([7n, 7n]);
      // Whoever leases has not heard of the first: it is part of what is told.
      expect(told.map(({ throughSeq }) => throughSeq)).toEqual([4]);
      expect(told[0]?.usage.find(({ scope_id }) => scope_id === account)?.cost_nano_usd).toBe(14n);
    });

    test('a flush takes what it settles from the node’s leases, where there are any', async () => {
      const { flusher, record } = await start();
      if (engine.name === 'sqlite') return;
      await database.db
        .insertInto('scope_lease')
        .values({
          ...{ scope_kind: 'account', scope_id: account, window_id: 'all', node_id: nodeId },
          ...{ amount_nano_usd: 100n, grant_id: 'g', expires_at_ms: AT_MS },
        })
        .execute();
      record();
      await flusher.flushed();
      const lease = database.db.selectFrom('scope_lease').selectAll().where('node_id', '=', nodeId);
      expect(await lease.executeTakeFirstOrThrow()).toMatchObject({ amount_nano_usd: 93n });
    });

    test('a reader that comes once it has stopped is refused, and not left waiting', async () => {
      const down: Database = { ...database, transaction: () => Promise.reject(new Error('down')) };
      const { flusher, record } = await start(down);
      await flusher.stop();
      record();
      expect(await reasonOf(flusher.flushed())).toContain('stopped');
    });
  });
}
