/** All SQL that writes usage_hour and usage_series, and that finds the generations which are not in them yet. */
import { sql, type Transaction } from 'kysely';
import { insertRows } from '../storage/bulk.ts';
import type { Db } from '../storage/database.ts';
import type { Tables } from '../storage/schema.ts';
import type { HourlyTotals } from './usage-hours.ts';

const KEYS = ['account_id', 'hour_ms', 'series_id', 'outcome'];

/** Adds to the sums. The caller sorts the rows, so that two nodes take the row locks in the same order. */
export async function addUsageHours(
  trx: Transaction<Tables>,
  { series, tags, hours }: HourlyTotals,
): Promise<void> {
  const [first] = hours;
  if (first === undefined) return;
  await insertRows(trx, 'usage_series', series, 'ON CONFLICT (id) DO NOTHING');
  await insertRows(trx, 'usage_tag', tags, 'ON CONFLICT (series_id, name) DO NOTHING');
  const sums = Object.keys(first).filter((column) => !KEYS.includes(column));
  const added = sums.map((column) => `${column} = usage_hour.${column} + excluded.${column}`);
  await insertRows(
    trx,
    'usage_hour',
    hours,
    `ON CONFLICT (${KEYS.join(', ')}) DO UPDATE SET ${added.join(', ')}`,
  );
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
