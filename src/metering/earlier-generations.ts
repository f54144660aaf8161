/**
 * Moves what earlier versions stored to where this one stores, and adds it to the sums by the hour, in small steps while the gateway
 * serves. Each step is one transaction, so every reader finds each row once and every sum has it once, and a process that is killed
 * goes on where it stopped.
 */
import { failPoint } from '../fail-point.ts';
import type { Logger } from '../log.ts';
import type { Database, Trx } from '../storage/database.ts';
import { addUsageHours } from './add-hours.ts';
import { Background, restAfterMs } from './background.ts';
import { moveEarlierRows } from './earlier-store.ts';
import type { Generation } from './generation.ts';
import { takeNotRolledUp } from './hours-store.ts';
import { Labels } from './labels.ts';
import { endFiguresOf } from './members.ts';
import { HourlySums, seriesOf } from './usage-hours.ts';

/** Few: whoever asks SQLite's thread meanwhile waits for one step. */
const ROWS_PER_STEP = 200;
const RETRY_MS = 5000;
/** A node of an earlier version may still be writing to the same PostgreSQL. */
const LOOK_AGAIN_MS = 60_000;

export class EarlierGenerations {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #background = new Background(() => this.#step());
  /** The last id that was moved; rows are taken in the order of their ids. */
  #behindId = '';
  #moved = 0;
  #rolledUp = 0;
  readonly #labels = new Labels();

  constructor(options: { database: Database; logger: Logger }) {
    this.#database = options.database;
    this.#logger = options.logger;
  }

  /** Begins, and comes back by itself until nothing is left. Never throws: a failure is logged, and tried again. */
  start(): void {
    this.#background.start();
  }

  async stop(): Promise<void> {
    await this.#background.stop();
  }

  /** One step. Gives when the next one is due; null: there will be nothing more. */
  async #step(): Promise<number | null> {
    const { engine } = this.#database;
    const startedMs = performance.now();
    try {
      const moved = await this.#database.transaction(async (trx) => {
        const rows = await moveEarlierRows(trx, engine, this.#behindId, ROWS_PER_STEP);
        if (rows !== null) failPoint('during-move');
        return rows;
      });
      if (moved !== null) {
        this.#behindId = moved.lastId;
        this.#moved += moved.count;
        return restAfterMs(startedMs);
      }
      // Once all are moved, or a pass of those that others lock is through.
      const added = await this.#database.transaction((trx) => rollUp(trx, engine, this.#labels));
      if (added > 0) {
        this.#rolledUp += added;
        return restAfterMs(startedMs);
      }
    } catch (error) {
      this.#logger.warn('generations_not_moved', { error });
      return RETRY_MS;
    }
    // From the beginning once more: ids that are no times, and rows that another process had locked and given up.
    const isEnd = this.#behindId === '';
    if (!isEnd) this.#logger.info('generations_moved', { rows: this.#moved });
    if (this.#rolledUp > 0) this.#logger.info('generations_rolled_up', { rows: this.#rolledUp });
    this.#behindId = '';
    this.#moved = 0;
    this.#rolledUp = 0;
    if (!isEnd) return 0;
    return engine === 'sqlite' ? null : LOOK_AGAIN_MS;
  }
}

/** Adds some generations to the sums by the hour that no sum has. Gives how many. */
async function rollUp(trx: Trx, engine: Database['engine'], labels: Labels): Promise<number> {
  const rows = await takeNotRolledUp(trx, engine, ROWS_PER_STEP);
  const sums = new HourlySums();
  for (const row of rows) {
    const more: Partial<Generation> = JSON.parse(row.rest);
    const source = {
      accountId: row.account_id,
      keyHash: row.key_hash,
      model: row.model,
      isByok: row.is_byok,
    };
    const series = labels.seriesOf(seriesOf(source, more), row.created_at_ms, more.tags ?? null);
    sums.add(series, row.created_at_ms, row.cost_nano_usd, endFiguresOf(more));
  }
  // They may be of any time.
  await addUsageHours(trx, sums.totals, Number.POSITIVE_INFINITY);
  if (rows.length > 0) failPoint('during-roll-up');
  return rows.length;
}
