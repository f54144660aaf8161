/**
 * Says so when this machine's clock differs from the database's. Keys expire and limits reset by the clocks of the nodes, each by its
 * own; the one that all of them can be held against is that of their PostgreSQL.
 */
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Database } from './database.ts';

const TOLERANCE_MS = 1000;

export interface ClockDifference {
  /** How far the database's clock is ahead of this machine's; negative: behind. */
  readonly aheadMs: number;
  /** Whether it is more than a second, and than the time it took to ask. */
  readonly isTooMuch: boolean;
}

/** Of PostgreSQL alone: SQLite has this machine's clock. */
export async function readClockDifference(database: Database, clock: Clock): Promise<ClockDifference> {
  const startedMs = clock.nowMs();
  const { rows } = await sql<{ now: number }>`
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS now
  `.execute(database.db);
  const endedMs = clock.nowMs();
  const aheadMs = Math.round(Number(rows[0]?.now) - (startedMs + endedMs) / 2);
  return { aheadMs, isTooMuch: Math.abs(aheadMs) > TOLERANCE_MS + (endedMs - startedMs) };
}

export class ClockWatch {
  readonly #given: { readonly database: Database; readonly clock: Clock; readonly logger: Logger };
  #differs = false;

  constructor(given: { readonly database: Database; readonly clock: Clock; readonly logger: Logger }) {
    this.#given = given;
  }

  /** Warns once, and says when they agree again. Rejects as the database does. */
  async look(): Promise<void> {
    const { database, clock, logger } = this.#given;
    if (database.engine === 'sqlite') return;
    const { aheadMs, isTooMuch } = await readClockDifference(database, clock);
    if (isTooMuch === this.#differs) return;
    this.#differs = isTooMuch;
    if (!isTooMuch) logger.info('clock_agrees_again', { databaseAheadMs: aheadMs });
    else
      logger.warn('clock_differs', {
        databaseAheadMs: aheadMs,
        remedy: 'run NTP on this machine and on the database’s: keys expire and limits reset by these clocks',
      });
  }
}
