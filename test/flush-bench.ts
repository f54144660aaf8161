/** A flusher with a journal and a node of its own for each test, and the generations it brings into a database. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../src/clock.ts';
import { newGenerationId, newId } from '../src/ids.ts';
import { Journal } from '../src/journal/journal.ts';
import type { Logger } from '../src/log.ts';
import { Flusher } from '../src/metering/flush.ts';
import type {
  Generation,
  GenerationEnd,
  GenerationStart,
  SettledGeneration,
} from '../src/metering/generation.ts';
import { SpendLog } from '../src/metering/spend-log.ts';
import { takeOverJournal } from '../src/metering/store.ts';
import type { Database } from '../src/storage/database.ts';
import type { UsageWindowTable } from '../src/storage/schema.ts';
import type { Engine, TestDatabase } from './databases.ts';

export const AT_MS = Date.parse('2026-11-20T12:00:00Z');
export const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

export function generationOf(members: Partial<Generation> = {}): Generation {
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

export function split(generation: Generation): { start: GenerationStart; end: GenerationEnd } {
  const { ledger_transaction_id: _, ...columns } = generation;
  const entries = Object.entries(columns);
  const start = Object.fromEntries(entries.filter(([name]) => START_COLUMNS.has(name)));
  const end = Object.fromEntries(entries.filter(([name]) => !START_COLUMNS.has(name)));
  return { start, end } as unknown as { start: GenerationStart; end: GenerationEnd };
}

export function settled(generation: Generation): SettledGeneration {
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
export function journalled(log: SpendLog, generation: Generation): { seq: number } & SettledGeneration {
  const { start, end } = split(generation);
  const { scopes } = settled(generation);
  void log.dispatch(start, scopes);
  return log.settle(start.id, end).settled;
}

export class FlushBench {
  readonly clock = new ManualClock(AT_MS);
  dir = '';
  nodeId = '';
  /** Whose generations these are: no two tests of a database have the same. */
  account = '';
  readonly #closing: (() => Promise<void>)[] = [];
  #opened: TestDatabase | undefined;

  /** Call it once in a `describe`. */
  static on(engine: Engine): FlushBench {
    const bench = new FlushBench();
    beforeAll(async () => {
      bench.#opened = await engine.open();
    });
    afterAll(() => bench.#opened?.dispose());
    beforeEach(() => {
      bench.dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-flush-'));
      [bench.nodeId, bench.account] = [newId(), newId()];
    });
    afterEach(async () => {
      await bench.close();
      fs.rmSync(bench.dir, { recursive: true, force: true });
    });
    return bench;
  }

  get database(): Database {
    if (this.#opened === undefined) throw new Error('no test has begun');
    return this.#opened.database;
  }

  /** As one process would have it, before it looks at what earlier ones left in the journal. */
  async unrecovered(through: Database = this.database) {
    const turn = await takeOverJournal(this.database.db, this.nodeId);
    const { flushedSeq } = turn;
    const failures: unknown[] = [];
    const onFailure = (cause: unknown) => failures.push(cause);
    const journal = Journal.open({ dir: this.dir, flushedSeq, onFailure, segmentBytes: 2000 });
    const log = new SpendLog(journal);
    const told: { usage: readonly UsageWindowTable[]; throughSeq: number }[] = [];
    const onFlushed = (usage: readonly UsageWindowTable[], throughSeq: number) =>
      told.push({ usage, throughSeq });
    const { clock, account } = this;
    const flusher = new Flusher({ database: through, log, turn, logger: silent, clock, onFlushed });
    this.#closing.push(async () => {
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

  async start(through: Database = this.database) {
    const started = await this.unrecovered(through);
    await started.flusher.recover();
    return started;
  }

  /** Ends what was started. */
  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
  }

  async stored() {
    const rows = await this.database.db
      .selectFrom('generation')
      .selectAll()
      .where('account_id', '=', this.account)
      .execute();
    const usage = await this.database.db
      .selectFrom('usage_window')
      .selectAll()
      .where('scope_id', '=', this.account)
      .where('window_id', '=', 'all')
      .executeTakeFirst();
    return {
      count: rows.length,
      sum: rows.reduce((sum, row) => sum + row.cost_nano_usd, 0n),
      usage: usage?.cost_nano_usd ?? 0n,
      requests: usage?.requests ?? 0,
    };
  }

  async debits(): Promise<bigint[]> {
    const rows = await this.database.db
      .selectFrom('ledger_entry')
      .selectAll()
      .where('account_id', '=', this.account)
      .where('book', '=', 'customer_balance')
      .orderBy('transaction_id')
      .execute();
    return rows.map((row) => -row.amount_nano_usd);
  }
}
