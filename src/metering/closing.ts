/**
 * Adds up the hours of days that are over, and the days of months, in small steps while the gateway serves: each step is one
 * transaction, so that every reader finds a request once, whatever part of a range it reads by the month, the day or the hour.
 */
import type { Clock } from '../clock.ts';
import { failPoint } from '../fail-point.ts';
import type { Logger } from '../log.ts';
import type { Database, Trx } from '../storage/database.ts';
import { Background, restAfterMs } from './background.ts';
import { addUp, addUpCoarse, firstSpan, lockClosed, setClosed } from './closing-store.ts';
import { COARSE_COLUMNS } from './coarse.ts';
import { DAY_MS, dayOf, monthOf } from './days.ts';
import { SUM_COLUMNS } from './usage-hours.ts';

/** So long after its end a day is added up: the clocks of nodes differ, and most of what is still on its way has come. */
const REST_MS = 2 * 3_600_000;
const LOOK_AGAIN_MS = 10 * 60_000;
/** In this order: days of accounts are made of their hours. */
const COARSER = [
  ['usage_hour', 'usage_account_hour'],
  ['usage_account_hour', 'usage_account_day'],
  ['usage_day', 'usage_key_day'],
] as const;

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
      const endMs = dayOf(clock.nowMs() - REST_MS);
      const accounts = await database.db.selectFrom('account').select('id').orderBy('id').execute();
      for (const { id } of accounts) await this.#close(id, endMs);
    } catch (error) {
      logger.warn('usage_days_not_added_up', { error });
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

/**
 * Adds up the next day of an account that ended by `endMs`, or else the next of these by account and key, or else its next month all of
 * whose days are added up. Whether it did
 * any; days without requests are passed over.
 */
export async function closeNext(trx: Trx, accountId: string, endMs: number): Promise<boolean> {
  const [closed] = await lockClosed(trx, [accountId]);
  if (closed === undefined) return false;
  const {
    days_until_ms: daysUntilMs,
    months_until_ms: monthsUntilMs,
    coarse_until_ms: coarseUntilMs,
  } = closed;
  if (daysUntilMs < endMs) {
    const next = await firstSpan(trx, 'usage_hour', accountId, daysUntilMs);
    const fromMs = next === null ? endMs : Math.min(dayOf(next), endMs);
    const toMs = Math.min(fromMs + DAY_MS, endMs);
    if (fromMs < toMs)
      await addUp(trx, ['usage_hour', 'usage_day'], { accountId, fromMs, toMs }, SUM_COLUMNS);
    await setClosed(trx, { ...closed, days_until_ms: toMs });
    return true;
  }
  if (coarseUntilMs < daysUntilMs) {
    const next = await firstSpan(trx, 'usage_day', accountId, coarseUntilMs);
    const fromMs = next === null ? daysUntilMs : Math.min(next, daysUntilMs);
    const toMs = Math.min(fromMs + DAY_MS, daysUntilMs);
    if (fromMs < toMs) {
      const range = { accountId, fromMs, toMs };
      for (const tables of COARSER)
        await addUpCoarse(trx, tables, range, SUM_COLUMNS, COARSE_COLUMNS[tables[1]]);
    }
    await setClosed(trx, { ...closed, coarse_until_ms: toMs });
    return true;
  }
  const monthsEndMs = monthOf(daysUntilMs);
  if (monthsUntilMs >= monthsEndMs) return false;
  const next = await firstSpan(trx, 'usage_day', accountId, monthsUntilMs);
  const fromMs = next === null ? monthsEndMs : Math.min(monthOf(next), monthsEndMs);
  const toMs = Math.min(monthOf(fromMs, 1), monthsEndMs);
  if (fromMs < toMs) await addUp(trx, ['usage_day', 'usage_month'], { accountId, fromMs, toMs }, SUM_COLUMNS);
  await setClosed(trx, { ...closed, months_until_ms: toMs });
  return true;
}
