/** Moves journalled generations into the database in batches: exactly once, however often it is interrupted. */
import type { Clock } from '../clock.ts';
import { chargeUsage } from '../credits/ledger.ts';
import { failPoint } from '../fail-point.ts';
import type { JournalPlace } from '../journal/extent.ts';
import { BEGINNING } from '../journal/reader.ts';
import { FREE_COUNTER } from '../limits/free-requests.ts';
import { spendLeases } from '../limits/leases/keeper.ts';
import { TOLD_COUNTS } from '../limits/scope-kinds/all.ts';
import type { Logger } from '../log.ts';
import { moduleUrl } from '../program.ts';
import type { Database, Trx } from '../storage/database.ts';
import type { RecordRow } from '../storage/generation-record.ts';
import {
  JournalTakenOver,
  type JournalTurn,
  lockJournalPosition,
  setJournalPosition,
} from '../storage/journal-position.ts';
import type { GenerationScopeTable, UsageWindowTable } from '../storage/schema.ts';
import { runTask } from '../storage/task.ts';
import { addUsageHours } from './add-hours.ts';
import { type Batch, type BatchOrder, readBatch } from './flush-batch.ts';
import type { SpendLog, Unflushed } from './spend-log.ts';
import { addUsage, insertGenerationScopes, insertRecords, storedGenerations } from './store.ts';
import { hourOf } from './usage-hours.ts';
import { usageOf } from './usage-sums.ts';

const BATCH_ROWS = 1000;
const BATCH_DELAY_MS = 200;
const RETRY_MS = 500;
const TASK = moduleUrl(new URL('./flush-task.ts', import.meta.url));
/** What needs no row of generation_scope: the generation's own row tells these scopes. */
const TOLD = { ...TOLD_COUNTS, [FREE_COUNTER.kind]: 1 };

export interface FlusherOptions {
  readonly database: Database;
  readonly log: SpendLog;
  readonly turn: JournalTurn;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told what the database has now, so that a lease shrinks here as it did there. */
  readonly onFlushed?: (usage: readonly UsageWindowTable[], throughSeq: number) => void;
}

export class Flusher {
  readonly #options: FlusherOptions;
  /** In the order of their numbers. What else is known of them is read from the journal. */
  #queue: Unflushed[] = [];
  /** How far the journal is known to be in the database: its bytes, and its numbers. */
  #place: JournalPlace = BEGINNING;
  #flushedSeq: number;
  #stale: readonly number[] = [];
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** The reason of the last failure, while it lasts. */
  #failure: unknown;

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#flushedSeq = options.turn.flushedSeq;
  }

  /** Brings in what an earlier process journalled and did not flush, and settles what it left open. */
  async recover(): Promise<void> {
    const { database, log, turn, clock, logger } = this.#options;
    const { unflushed, stale, orphans } = await log.recover(turn.flushedSeq, clock.nowMs(), (ids) =>
      storedGenerations(database.db, ids),
    );
    this.#stale = stale;
    if (unflushed.length > 0) logger.info('journal_replayed', { records: unflushed.length, orphans });
    this.#queue.push(...unflushed);
    await this.flushed();
  }

  /** Generations that are journalled but not in the database yet. */
  get depth(): number {
    return this.#queue.length;
  }

  /** How long ago the oldest of them ended, in whichever process. */
  get delayMs(): number {
    const [oldest] = this.#queue;
    if (oldest === undefined) return 0;
    return Math.max(0, this.#options.clock.nowMs() - oldest.endedAtMs);
  }

  /** Takes over what `SpendLog.settle` numbered `seq`. */
  add(unflushed: Unflushed): void {
    this.#queue.push(unflushed);
    this.#startIn(BATCH_DELAY_MS);
  }

  /** Resolves when everything added so far is in the database. Rejects when the database fails, and once it has stopped. */
  async flushed(): Promise<void> {
    const target = this.#queue.at(-1)?.seq;
    if (target === undefined) return;
    while ((this.#queue[0]?.seq ?? Number.POSITIVE_INFINITY) <= target) {
      await this.#start();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#stopped) throw new Error('the flusher has stopped');
    }
  }

  /** Flushes what it can and stops; what is left is found in the journal at the next start. */
  async stop(): Promise<void> {
    await this.flushed().catch(() => undefined);
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #startIn(delayMs: number): void {
    if (!this.#stopped) this.#timer ??= setTimeout(() => this.#start(), delayMs);
  }

  /**
   * What was added before it began. What comes meanwhile waits, so that under load too one transaction takes many records; a
   * reader who cannot wait calls `flushed`.
   */
  async #run(): Promise<void> {
    const { log, onFlushed } = this.#options;
    const target = this.#queue.at(-1)?.seq ?? 0;
    for (let [oldest] = this.#queue; oldest !== undefined && oldest.seq <= target; [oldest] = this.#queue) {
      if (this.#stopped) return;
      let batch: Batch;
      try {
        await log.journal.durable();
        if (log.journal.durableSeq < oldest.seq) continue;
        batch = await this.#write();
        this.#failure = undefined;
        failPoint('after-flush-commit');
        // With what an attempt that seemed to fail had written.
        onFlushed?.(usageOf([...batch.spentBefore, ...batch.spent]), batch.throughSeq);
      } catch (cause) {
        this.#failed(cause);
        return;
      }
      this.#place = batch.next;
      this.#flushedSeq = Math.max(this.#flushedSeq, batch.throughSeq);
      this.#forget(this.#queue.splice(0, this.#countThrough(batch.throughSeq)), batch.throughSeq);
    }
    if (this.#queue.length > 0) this.#startIn(BATCH_DELAY_MS);
  }

  #failed(cause: unknown): void {
    const { log, logger } = this.#options;
    this.#failure = cause;
    if (cause instanceof JournalTakenOver) {
      this.#stopped = true;
      log.giveUp(cause);
      return;
    }
    logger.error('flush_failed', { records: this.#queue.length, error: cause });
    this.#startIn(RETRY_MS);
  }

  /** How many in the queue are not behind a record. */
  #countThrough(seq: number): number {
    const behind = this.#queue.findIndex((unflushed) => unflushed.seq > seq);
    return behind === -1 ? this.#queue.length : behind;
  }

  /** Best effort: a segment that stays is read at the next start, and nothing in it counts again. */
  #forget(batch: readonly Unflushed[], throughSeq: number): void {
    try {
      this.#options.log.flushed(
        batch.map(({ id }) => id),
        throughSeq,
      );
    } catch (cause) {
      this.#options.logger.error('journal_not_trimmed', { error: cause });
    }
  }

  /** One transaction: rows, counters, sums by the hour, ledger, leases, and how far the journal has come. */
  async #write(): Promise<Batch> {
    const { database, log, turn, clock } = this.#options;
    return await database.transaction(async (trx) => {
      const storedSeq = await lockJournalPosition(trx, turn);
      const batch = await this.#writeRows(trx, {
        ...{ epoch: turn.epoch, extent: log.journal.extent(), from: this.#place, stale: this.#stale },
        ...{ storedSeq, toldSeq: this.#flushedSeq, maxRows: BATCH_ROWS, toldByRow: TOLD },
      });
      this.#check(batch, storedSeq);
      if (batch.rows === 0) return batch;
      failPoint('during-flush');
      const usage = usageOf(batch.spent);
      await addUsage(trx, usage);
      await addUsageHours(trx, batch.hourly, hourOf(clock.nowMs()));
      await chargeUsage(trx, batch.charges, clock.nowMs());
      if (database.engine === 'postgres') await spendLeases(trx, turn.nodeId, usage);
      await setJournalPosition(trx, turn.nodeId, batch.throughSeq);
      return batch;
    });
  }

  /** In the thread that owns the database; PostgreSQL takes the rows apart itself, so that this one has little to do. */
  async #writeRows(trx: Trx, order: BatchOrder): Promise<Batch> {
    // The task is readBatch.
    if (this.#options.database.engine === 'sqlite') return (await runTask(trx, TASK, order)) as Batch;
    const rows: RecordRow[] = [];
    const scopes: GenerationScopeTable[] = [];
    const batch = readBatch(order, {
      generation: (row) => rows.push(row),
      scope: (generation_id, [scope_kind, scope_id]) => scopes.push({ generation_id, scope_kind, scope_id }),
    });
    await insertRecords(trx, rows);
    await insertGenerationScopes(trx, scopes);
    return batch;
  }

  /** What this process has settled is what its journal says: were it not, counters and rows would part for ever. */
  #check(batch: Batch, storedSeq: number): void {
    const settled = this.#queue.slice(0, this.#countThrough(batch.throughSeq));
    const wanted = settled.filter(({ seq }) => seq > storedSeq).length;
    if (batch.throughSeq < (this.#queue[0]?.seq ?? 0) || wanted !== batch.rows) {
      throw new Error(`the journal has ${batch.rows} of ${wanted} settled requests`);
    }
  }
}
