/**
 * Adds hours that are over to the sums of longer spans and of many keys, in small steps while the gateway serves: each step is one
 * transaction, so that every reader finds a request once, whatever part of a range it reads from which sums.
 */
import type { Clock } from '../clock.ts';
import { failPoint } from '../fail-point.ts';
import type { Logger } from '../log.ts';
import type { Database, Trx } from '../storage/database.ts';
import { writeCoarse } from './add-hours.ts';
import { Background, restAfterMs } from './background.ts';
import { addUp, lockClosed, type Place, placeBehind, setClosed, unknownSeries } from './closing-store.ts';
import { LONGER_SUMS } from './coarse.ts';
import { DAY_MS, dayOf } from './days.ts';
import { HOUR_MS, hourOf, SUM_COLUMNS } from './usage-hours.ts';

/** So long after its end an hour is added up: the clocks of nodes differ, and most of what is still on its way has come. */
const REST_MS = 2 * HOUR_MS;
const LOOK_AGAIN_MS = 10 * 60_000;
/** Rows of hours added in a step, in which SQLite's thread serves nobody else. */
const ROWS_A_STEP = 500;

export class ClosedSpans {
  readonly #options: { readonly database: Database; readonly clock: Clock; readonly logger: Logger };
  readonly #background = new Background(() => this.#pass());

  constructor(options: { database: Database; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  /** Begins, and looks again for as long as the process runs. Never throws: a failure is logged, and tried again. */
  start(): void {
    this.#background.start();
  }

  async stop(): Promise<void> {
    await this.#background.stop();
  }

  async #pass(): Promise<number> {
    const { database, clock, logger } = this.#options;
    try {
      const endMs = endOfClosed(clock.nowMs());
      const accounts = await database.db.selectFrom('account').select('id').orderBy('id').execute();
      for (const { id } of accounts) await this.#close(id, endMs);
    } catch (error) {
      logger.warn('usage_hours_not_added_up', { error });
    }
    return LOOK_AGAIN_MS;
  }

  async #close(accountId: string, endMs: number): Promise<void> {
    const { database } = this.#options;
    while (!this.#background.isStopping) {
      const startedMs = performance.now();
      const isMore = await database.transaction(async (trx) => {
        const did = await closeNext(trx, accountId, endMs);
        if (did) failPoint('during-close');
        return did;
      });
      if (!isMore) return;
      await this.#background.rest(restAfterMs(startedMs));
    }
  }
}

/** Up to which moment hours may be added up: a whole hour. */
export function endOfClosed(nowMs: number): number {
  return hourOf(nowMs - REST_MS);
}

/**
 * Adds the next rows of an account's hours that ended by `endMs`, a whole hour, to the longer sums: at most so many, a series' rows of an
 * hour together, and all of one day. Whether it did any; hours without requests are passed over.
 */
export async function closeNext(
  trx: Trx,
  accountId: string,
  endMs: number,
  rows = ROWS_A_STEP,
): Promise<boolean> {
  const [closed] = await lockClosed(trx, [accountId]);
  if (closed === undefined || closed.hour_ms >= endMs) return false;
  const after: Place = { hour_ms: closed.hour_ms, series_id: closed.series_id };
  const first = await placeBehind(trx, { accountId, after }, endMs, 1);
  if (first === null) {
    await setClosed(trx, accountId, { hour_ms: endMs, series_id: '' });
    return true;
  }
  const dayMs = dayOf(first.hour_ms);
  const dayEndMs = Math.min(dayMs + DAY_MS, endMs);
  const endOfDay: Place = { hour_ms: dayEndMs, series_id: '' };
  const upTo = (await placeBehind(trx, { accountId, after }, dayEndMs, rows)) ?? endOfDay;
  const slice = { accountId, after, upTo };
  await writeCoarse(trx, await unknownSeries(trx, slice));
  for (const sums of LONGER_SUMS) await addUp(trx, sums, slice, dayMs, SUM_COLUMNS);
  await setClosed(trx, accountId, upTo);
  return true;
}
