/** All SQL that adds hours that are over to the sums of longer spans and of many keys, and that knows how far this was done. */
import { PostgresAdapter, type RawBuilder, sql, type Transaction } from 'kysely';
import type {
  UsageClosedTable,
  UsageCoarseSeriesTable,
  UsageHourSums,
  UsageSeriesTable,
} from '../storage/figure-tables.ts';
import type { Tables } from '../storage/schema.ts';
import type { LongerSums } from './coarse.ts';

/** A place among the rows of an account in `usage_hour`, which lie by hour and then by series: behind all of that series. */
export type Place = Omit<UsageClosedTable, 'account_id'>;

/** Rows of `usage_hour` behind one place, as far as another. */
export interface Slice {
  readonly accountId: string;
  readonly after: Place;
  readonly upTo: Place;
}

/**
 * How far the hours of some accounts are in the longer sums, locked until the transaction ends: whoever adds to such an hour and
 * whoever adds an hour up wait for each other, or what comes between would be in one of the two alone.
 * @param accounts sorted, so that two nodes take the locks in the same order
 */
export async function lockClosed(
  trx: Transaction<Tables>,
  accounts: readonly string[],
): Promise<UsageClosedTable[]> {
  await trx
    .insertInto('usage_closed')
    .values(accounts.map((account_id) => ({ account_id, hour_ms: 0, series_id: '' })))
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .execute();
  const locked = trx
    .selectFrom('usage_closed')
    .selectAll()
    .where('account_id', 'in', accounts)
    .orderBy('account_id');
  const isPostgres = trx.getExecutor().adapter instanceof PostgresAdapter;
  return await (isPostgres ? locked.forUpdate() : locked).execute();
}

export async function setClosed(trx: Transaction<Tables>, accountId: string, place: Place): Promise<void> {
  await trx.updateTable('usage_closed').set(place).where('account_id', '=', accountId).execute();
}

/** The place of the row so many behind another, the next one being 1, of hours before `endMs`; null: there are not as many. */
export async function placeBehind(
  trx: Transaction<Tables>,
  { accountId, after }: Pick<Slice, 'accountId' | 'after'>,
  endMs: number,
  count: number,
): Promise<Place | null> {
  const { rows } = await sql<Place>`
    SELECT hour_ms, series_id FROM usage_hour
    WHERE account_id = ${accountId} AND ${isBehind(after)} AND hour_ms < ${endMs}
    ORDER BY hour_ms, series_id LIMIT 1 OFFSET ${sql.lit(count - 1)}`.execute(trx);
  return rows[0] ?? null;
}

/** Of some series, those whose rows of an hour are behind a place in that hour. The database compares: its order need not be ours. */
export async function seriesBehind(
  trx: Transaction<Tables>,
  accountId: string,
  seriesId: string,
  of: readonly string[],
): Promise<Set<string>> {
  if (of.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM usage_series WHERE account_id = ${accountId} AND id > ${seriesId} AND id IN (${sql.join(of)})`.execute(
    trx,
  );
  return new Set(rows.map(({ id }) => id));
}

/** Of the series in a slice, those of which it is not said yet what stands for them in coarser sums. */
export async function unknownSeries(trx: Transaction<Tables>, slice: Slice): Promise<UsageSeriesTable[]> {
  const { rows } = await sql<UsageSeriesTable>`
    SELECT s.* FROM usage_series AS s WHERE s.id IN (
      SELECT u.series_id FROM usage_hour AS u WHERE ${isIn(slice)}
        AND NOT EXISTS (SELECT 1 FROM usage_coarse_series AS c WHERE c.series_id = u.series_id))`.execute(
    trx,
  );
  return rows;
}

/** What some series are in coarser sums; those that nothing is said of are left out. */
export async function coarseSeries(
  trx: Transaction<Tables>,
  ids: readonly string[],
): Promise<UsageCoarseSeriesTable[]> {
  if (ids.length === 0) return [];
  return await trx.selectFrom('usage_coarse_series').selectAll().where('series_id', 'in', ids).execute();
}

/** Adds a slice, whose hours are of one day, to longer sums: a row a span, outcome, and series or what stands for it. */
export async function addUp(
  trx: Transaction<Tables>,
  { table, startOf, coarseness }: LongerSums,
  slice: Slice,
  dayMs: number,
  sumColumns: readonly (keyof UsageHourSums)[],
): Promise<void> {
  const columns = sumColumns.map((column) => sql.ref(column));
  const sums = sumColumns.map((column) => sql`SUM(${sql.ref(`u.${column}`)})`);
  const added = sumColumns.map(
    (column) => sql`${sql.ref(column)} = ${sql.ref(`${table}.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
  );
  const isOfHours = startOf(dayMs) !== startOf(dayMs + 1);
  const start = isOfHours ? sql`u.hour_ms` : sql`CAST(${startOf(dayMs)} AS BIGINT)`;
  const series = coarseness === null ? sql`u.series_id` : sql.ref(`c.${coarseness}`);
  const coarse =
    coarseness === null ? sql`` : sql`JOIN usage_coarse_series AS c ON c.series_id = u.series_id`;
  await sql`
    INSERT INTO ${sql.table(table)} (account_id, start_ms, series_id, outcome, ${sql.join(columns)})
    SELECT u.account_id, ${start}, ${series}, u.outcome, ${sql.join(sums)} FROM usage_hour AS u ${coarse}
    WHERE ${isIn(slice)}
    GROUP BY u.account_id, ${series}, u.outcome ${isOfHours ? sql`, u.hour_ms` : sql``}
    ON CONFLICT (account_id, start_ms, series_id, outcome) DO UPDATE SET ${sql.join(added)}`.execute(trx);
}

function isIn({ accountId, after, upTo }: Slice): RawBuilder<unknown> {
  return sql`u.account_id = ${accountId} AND ${isBehind(after, 'u.')}
    AND (u.hour_ms, u.series_id) <= (CAST(${upTo.hour_ms} AS BIGINT), ${upTo.series_id})`;
}

function isBehind({ hour_ms, series_id }: Place, of = ''): RawBuilder<unknown> {
  return sql`(${sql.ref(`${of}hour_ms`)}, ${sql.ref(`${of}series_id`)}) > (CAST(${hour_ms} AS BIGINT), ${series_id})`;
}
