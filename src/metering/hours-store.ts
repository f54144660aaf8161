/** All SQL that writes usage_hour and usage_series, that adds single rows to longer sums, and that finds the generations which are not in them yet. */
import { sql, type Transaction } from 'kysely';
import { insertRows } from '../storage/bulk.ts';
import type { Db } from '../storage/database.ts';
import type {
  UsageCoarseSeriesTable,
  UsageHourTable,
  UsageSeriesTable,
  UsageSpanTable,
  UsageTagTable,
} from '../storage/figure-tables.ts';
import type { Tables } from '../storage/schema.ts';
import type { LongerTable } from './coarse.ts';

/** What figures are told apart by. Rows that are there already say the same. */
export async function insertSeries(
  trx: Transaction<Tables>,
  series: readonly UsageSeriesTable[],
  tags: readonly UsageTagTable[],
): Promise<void> {
  await insertRows(trx, 'usage_series', series, 'ON CONFLICT (id) DO NOTHING');
  await insertRows(trx, 'usage_tag', tags, 'ON CONFLICT (series_id, name) DO NOTHING');
}

/** What stands for some series in coarser sums. Rows that are there already say the same. */
export async function insertCoarseSeries(
  trx: Transaction<Tables>,
  rows: readonly UsageCoarseSeriesTable[],
): Promise<void> {
  await insertRows(trx, 'usage_coarse_series', rows, 'ON CONFLICT (series_id) DO NOTHING');
}

/** Adds to the sums. The caller sorts the rows, so that two nodes take the row locks in the same order. */
export async function addHours(trx: Transaction<Tables>, hours: readonly UsageHourTable[]): Promise<void> {
  await insertRows(trx, 'usage_hour', hours, adding('usage_hour', hours[0]));
}

/** The same of longer spans. */
export async function addSpans(
  trx: Transaction<Tables>,
  table: LongerTable,
  spans: readonly UsageSpanTable[],
): Promise<void> {
  await insertRows(trx, table, spans, adding(table, spans[0]));
}

function adding(table: string, row: object = {}): `ON CONFLICT ${string}` {
  const columns = Object.keys(row);
  const keys = columns.filter((column) => KEYS.has(column));
  const sums = columns.filter((column) => !KEYS.has(column));
  const added = sums.map((column) => `${column} = ${table}.${column} + excluded.${column}`);
  return `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${added.join(', ')}`;
}

const KEYS: ReadonlySet<string> = new Set(['account_id', 'hour_ms', 'start_ms', 'series_id', 'outcome']);

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
