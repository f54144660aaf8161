/**
 * Generations go when they are older than is kept, behind everybody's back: on PostgreSQL a whole month at once, which costs nothing but
 * the sums that are carried over; on SQLite, and of what an earlier version stored, oldest first in small steps, between which the flush
 * and readers come to their turn. Each step is one transaction, so a process that is killed goes on where it stopped.
 */
import { type Clock, monthStartMs } from '../clock.ts';
import { failPoint } from '../fail-point.ts';
import type { Logger } from '../log.ts';
import type { Database, Db } from '../storage/database.ts';
import { isLockTimeout } from '../storage/outage.ts';
import { arrangeGenerations, listPartitions } from '../storage/partitions.ts';
import { oldestKeptDayMs } from '../window.ts';
import { Background, restAfterMs } from './background.ts';
import { dropMonth, dropSome, foldDebits, MonthInUse, readDroppedBeforeMs } from './retention-store.ts';

/** Few: whoever asks SQLite's thread meanwhile waits for one step. */
const ROWS_PER_STEP = 200;
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
  readonly #background = new Background(() => this.#pass());

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Begins, and looks again every hour. Never throws: a failure is logged, and tried again. */
  start(): void {
    this.#background.start();
  }

  async stop(): Promise<void> {
    await this.#background.stop();
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
    while (!this.#background.isStopping) {
      const startedMs = performance.now();
      const dropped = await database.transaction(async (trx) => {
        const count = await dropSome(trx, database.engine, beforeMs, ROWS_PER_STEP);
        if (count > 0) failPoint('during-drop');
        return count;
      });
      rows += dropped;
      if (dropped === 0) break;
      await this.#background.rest(restAfterMs(startedMs));
    }
    if (rows > 0) logger.info('generations_dropped', { rows, before: new Date(beforeMs).toISOString() });
    if (!this.#background.isStopping) await this.#fold(beforeMs);
  }

  async #dropMonths(beforeMs: number): Promise<void> {
    const { database, logger } = this.#options;
    const partitions = await database.transaction(listPartitions);
    const waited = async () => {
      await this.#background.rest(TRY_AGAIN_MS);
      if (this.#background.isStopping) throw new MonthInUse('the gateway stops');
    };
    const patience = { waited, tries: TRIES };
    for (const partition of partitions) {
      if (this.#background.isStopping) return;
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

  async #pass(): Promise<number> {
    try {
      await this.run();
      return LOOK_AGAIN_MS;
    } catch (error) {
      const { logger } = this.#options;
      // Whoever reads or writes comes first.
      if (isLockTimeout(error)) logger.info('generations_arranged_later', { retryInMs: RETRY_MS });
      else logger.warn('generations_not_arranged', { error });
      return RETRY_MS;
    }
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
