/** A flusher with a journal and a node of its own for each test. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../src/clock.ts';
import { newId } from '../src/ids.ts';
import { Journal } from '../src/journal/journal.ts';
import type { Logger } from '../src/log.ts';
import { Flusher } from '../src/metering/flush.ts';
import type { Generation } from '../src/metering/generation.ts';
import { SpendLog } from '../src/metering/spend-log.ts';
import type { Database } from '../src/storage/database.ts';
import { takeOverJournal } from '../src/storage/journal-position.ts';
import type { UsageWindowTable } from '../src/storage/schema.ts';
import type { Engine, TestDatabase } from './databases.ts';
import { AT_MS, generationOf, journalled } from './generations.ts';

export const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

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
    /** The numbers of what was settled. */
    const seqs: number[] = [];
    const record = (members: Partial<Generation> = {}) => {
      const generation = generationOf({ account_id: account, key_hash: `key of ${account}`, ...members });
      const unflushed = journalled(log, generation);
      seqs.push(unflushed.seq);
      flusher.add(unflushed);
      return generation;
    };
    return { journal, log, flusher, record, failures, told, seqs };
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
      .selectFrom('generations')
      .selectAll()
      .where('account_id', '=', this.account)
      .execute();
    const usage = await this.counter('all');
    return {
      count: rows.length,
      sum: rows.reduce((sum, row) => sum + row.cost_nano_usd, 0n),
      usage: usage?.cost_nano_usd ?? 0n,
      requests: usage?.requests ?? 0,
    };
  }

  /** Of the account, in one window. */
  counter(windowId: string) {
    return this.database.db
      .selectFrom('usage_window')
      .selectAll()
      .where('scope_id', '=', this.account)
      .where('window_id', '=', windowId)
      .executeTakeFirst();
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
