/** All SQL that writes usage_hour and usage_series, and that finds the generations which are not in them yet. */
import { sql, type Transaction } from 'kysely';
import { insertRows } from '../storage/bulk.ts';
import type { Db } from '../storage/database.ts';
import type { UsageHourTable } from '../storage/figure-tables.ts';
import type { Tables } from '../storage/schema.ts';
import { dayOf, lockClosed, monthOf } from './closing-store.ts';
import { type HourlyTotals, longerSpans, SUM_COLUMNS } from './usage-hours.ts';

/**
 * Adds to the sums. The caller sorts the rows, so that two nodes take the row locks in the same order. `openFromMs`: no day that begins
 * there or later can be in the sums by the day yet.
 */
export async function addUsageHours(
  trx: Transaction<Tables>,
  { series, tags, hours }: HourlyTotals,
  openFromMs: number,
): Promise<void> {
  if (hours.length === 0) return;
  await insertRows(trx, 'usage_series', series, 'ON CONFLICT (id) DO NOTHING');
  await insertRows(trx, 'usage_tag', tags, 'ON CONFLICT (series_id, name) DO NOTHING');
  await addLate(
    trx,
    hours.filter(({ hour_ms }) => hour_ms < openFromMs),
  );
  await insertRows(trx, 'usage_hour', hours, added('usage_hour', 'hour_ms'));
}

function added(table: string, startColumn: string): `ON CONFLICT ${string}` {
  const sums = SUM_COLUMNS.map((column) => `${column} = ${table}.${column} + excluded.${column}`);
  return `ON CONFLICT (account_id, ${startColumn}, series_id, outcome) DO UPDATE SET ${sums.join(', ')}`;
}

/** What belongs to days and months that were added up already. The lock is whoever's adds them up: see `closing-store.ts`. */
async function addLate(trx: Transaction<Tables>, late: readonly UsageHourTable[]): Promise<void> {
  if (late.length === 0) return;
  const accounts = [...new Set(late.map(({ account_id }) => account_id))].sort();
  const closed = new Map((await lockClosed(trx, accounts)).map((row) => [row.account_id, row]));
  const within = (until: 'days_until_ms' | 'months_until_ms') =>
    late.filter(({ account_id, hour_ms }) => hour_ms < (closed.get(account_id)?.[until] ?? 0));
  const days = longerSpans(within('days_until_ms'), dayOf);
  await insertRows(trx, 'usage_day', days, added('usage_day', 'start_ms'));
  const months = longerSpans(within('months_until_ms'), monthOf);
  await insertRows(trx, 'usage_month', months, added('usage_month', 'start_ms'));
}

export interface EarlierRow {
  readonly id: string;
  readonly account_id: string;
  readonly key_hash: string;
  readonly created_at_ms: number;
  readonly model: string;
  readonly is_byok: 0 | 1;
  readonly cost_nano_usd: bigint;
  /** A JSON object, as text. */
  readonly rest: string;
}

/**
 * Up to `count` generations that are in no sum yet, and from now on are taken to be: the caller adds them in the same transaction.
 * Two processes at once take different ones.
 */
export async function takeNotRolledUp(
  trx: Transaction<Tables>,
  engine: 'sqlite' | 'postgres',
  count: number,
): Promise<EarlierRow[]> {
  const lock = engine === 'postgres' ? sql`FOR UPDATE SKIP LOCKED` : sql``;
  const { rows } = await sql<EarlierRow>`
    SELECT id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, CAST(rest AS TEXT) AS rest
    FROM generation_record WHERE is_rolled_up = 0 ORDER BY id LIMIT ${count} ${lock}`.execute(trx);
  if (rows.length === 0) return [];
  await trx
    .updateTable('generation_record')
    .set({ is_rolled_up: 1 })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  return rows;
}

/** Whether generations of earlier versions are missing in the sums. */
export async function isRollingUp(db: Db): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM generation_record WHERE is_rolled_up = 0)
      OR EXISTS (SELECT 1 FROM generation)`.execute(db);
  return rows.length > 0;
}
