/**
 * Generations go when they are older than is kept, behind everybody's back: on PostgreSQL a whole month at once, which costs nothing but
 * the sums that are carried over; on SQLite, and of what an earlier version stored, oldest first in small steps, between which the flush
 * and readers come to their turn. Each step is one transaction, so a process that is killed goes on where it stopped.
 */
import { type Clock, monthStartMs } from '../clock.ts';
import { failPoint } from '../fail-point.ts';
import type { Logger } from '../log.ts';
import type { Database, Db } from '../storage/database.ts';
import { arrangeGenerations, listPartitions } from '../storage/partitions.ts';
import { oldestKeptDayMs } from '../window.ts';
import { dropMonth, dropSome, foldDebits, MonthInUse, readDroppedBeforeMs } from './retention-store.ts';

/** Few: whoever asks SQLite's thread meanwhile waits for one step. */
const ROWS_PER_STEP = 200;
/** Of the time, the part in which it drops. */
const DUTY = 0.25;
const LOOK_AGAIN_MS = 3_600_000;
const RETRY_MS = 60_000;
/** While somebody reads a month that is to go. */
const TRY_AGAIN_MS = 5000;
const TRIES = 120;

export interface RetentionOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many days generations are kept at least; null: for ever. */
  readonly days: number | null;
}

export class GenerationRetention {
  readonly #options: RetentionOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  /** Resolves when it is to end. */
  readonly #stopped = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Begins, and looks again every hour. Never throws: a failure is logged, and tried again. */
  start(): void {
    this.#in(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped.resolve();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Prepares the months to come, and drops what is too old by now. Rejects as the database does. */
  async run(): Promise<void> {
    const { database, clock, days, logger } = this.#options;
    const nowMs = clock.nowMs();
    if (database.engine === 'postgres') await arrangeGenerations(database, nowMs);
    if (days === null) return;
    const beforeMs = droppedBeforeMs(database.engine, nowMs, days);
    if (database.engine === 'postgres') await this.#dropMonths(beforeMs);
    let rows = 0;
    while (!this.#isStopped) {
      const startedMs = performance.now();
      const dropped = await database.transaction(async (trx) => {
        const count = await dropSome(trx, database.engine, beforeMs, ROWS_PER_STEP);
        if (count > 0) failPoint('during-drop');
        return count;
      });
      rows += dropped;
      if (dropped === 0) break;
      await this.#rest(((performance.now() - startedMs) * (1 - DUTY)) / DUTY);
    }
    if (rows > 0) logger.info('generations_dropped', { rows, before: new Date(beforeMs).toISOString() });
    if (!this.#isStopped) await this.#fold(beforeMs);
  }

  async #dropMonths(beforeMs: number): Promise<void> {
    const { database, logger } = this.#options;
    const partitions = await database.transaction(listPartitions);
    const waited = async () => {
      await this.#rest(TRY_AGAIN_MS);
      if (this.#isStopped) throw new MonthInUse('the gateway stops');
    };
    const patience = { waited, tries: TRIES };
    for (const partition of partitions) {
      if (this.#isStopped) return;
      if (partition.endMs === null || partition.endMs > beforeMs) continue;
      try {
        await database.transaction(async (trx) => {
          await dropMonth(trx, partition, patience);
          failPoint('during-drop');
        });
        logger.info('generations_month_dropped', { partition: partition.name });
      } catch (thrown) {
        if (!(thrown instanceof MonthInUse)) throw thrown;
        logger.warn('generations_month_in_use', { partition: partition.name, error: thrown });
      }
    }
  }

  async #fold(beforeMs: number): Promise<void> {
    const { database } = this.#options;
    if ((await readDroppedBeforeMs(database.db)) === null) return;
    await database.transaction((trx) => foldDebits(trx, beforeMs));
  }

  /** Shorter where it is to end. */
  async #rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#stopped.promise]);
    clearTimeout(timer);
  }

  #in(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.run().then(
        () => this.#in(LOOK_AGAIN_MS),
        (error: unknown) => {
          this.#options.logger.warn('generations_not_arranged', { error });
          this.#in(RETRY_MS);
        },
      );
    }, delayMs);
    this.#timer.unref?.();
  }
}

/** When the oldest generation began that has to stay: on SQLite a day begins then, on PostgreSQL a month. */
export function droppedBeforeMs(engine: Database['engine'], nowMs: number, days: number): number {
  const dayMs = oldestKeptDayMs(nowMs, days);
  return engine === 'sqlite' ? dayMs : monthStartMs(dayMs);
}

/** What an export of generations since then must say: from when on they are complete; null: it has all there ever were. */
export async function missingBeforeMs(db: Db, sinceMs: number): Promise<number | null> {
  const droppedMs = await readDroppedBeforeMs(db);
  return droppedMs === null || droppedMs <= sinceMs ? null : droppedMs;
}
