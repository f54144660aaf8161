/** All SQL that adds hours up to days, and days to months, and that knows up to when this was done. */
import { PostgresAdapter, sql, type Transaction } from 'kysely';
import type { UsageClosedTable, UsageHourSums, UsageSeriesTable } from '../storage/figure-tables.ts';
import type { Tables } from '../storage/schema.ts';
import type { CoarseTable } from './coarse.ts';

/**
 * Up to when the hours of some accounts are in the longer sums, locked until the transaction ends: whoever adds to such an hour and
 * whoever adds an hour up wait for each other, or what comes between would be in one of the two alone.
 * @param accounts sorted, so that two nodes take the locks in the same order
 */
export async function lockClosed(
  trx: Transaction<Tables>,
  accounts: readonly string[],
): Promise<UsageClosedTable[]> {
  await trx
    .insertInto('usage_closed')
    .values(
      accounts.map((account_id) => ({
        account_id,
        days_until_ms: 0,
        months_until_ms: 0,
        coarse_until_ms: 0,
      })),
    )
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

export async function setClosed(
  trx: Transaction<Tables>,
  { account_id, ...until }: UsageClosedTable,
): Promise<void> {
  await trx.updateTable('usage_closed').set(until).where('account_id', '=', account_id).execute();
}

const STARTS = { usage_hour: 'hour_ms', usage_day: 'start_ms', usage_month: 'start_ms' } as const;
type SpanTable = keyof typeof STARTS;

/** When the first span with requests begins, from a moment on; null: there is none. */
export async function firstSpan(
  trx: Transaction<Tables>,
  table: SpanTable,
  accountId: string,
  fromMs: number,
): Promise<number | null> {
  const start = sql.ref(STARTS[table]);
  const { rows } = await sql<{ first: number | null }>`
    SELECT MIN(${start}) AS first FROM ${sql.table(table)}
    WHERE account_id = ${accountId} AND ${start} >= ${fromMs}`.execute(trx);
  return rows[0]?.first ?? null;
}

/** The rows of one table, within a range of time, as one longer span of another: a row a series and outcome. */
export async function addUp(
  trx: Transaction<Tables>,
  [from, into]: readonly [SpanTable, SpanTable],
  { accountId, fromMs, toMs }: { accountId: string; fromMs: number; toMs: number },
  sumColumns: readonly (keyof UsageHourSums)[],
): Promise<void> {
  const start = sql.ref(STARTS[from]);
  const columns = sumColumns.map((column) => sql.ref(column));
  const sums = columns.map((column) => sql`SUM(${column})`);
  await sql`
    INSERT INTO ${sql.table(into)} (account_id, start_ms, series_id, outcome, ${sql.join(columns)})
    SELECT account_id, CAST(${fromMs} AS BIGINT), series_id, outcome, ${sql.join(sums)} FROM ${sql.table(from)}
    WHERE account_id = ${accountId} AND ${start} >= ${fromMs} AND ${start} < ${toMs}
    GROUP BY account_id, series_id, outcome`.execute(trx);
}

/**
 * The rows of one table, within one day, as rows of many keys: of the day, or of its hours. Of the series that become one, the first in
 * the order of their ids stands for all.
 */
export async function addUpCoarse(
  trx: Transaction<Tables>,
  [from, into]: readonly [SpanTable | 'usage_account_hour', CoarseTable],
  { accountId, fromMs, toMs }: { accountId: string; fromMs: number; toMs: number },
  sumColumns: readonly (keyof UsageHourSums)[],
  apartColumns: readonly (keyof UsageSeriesTable)[],
): Promise<void> {
  const start = sql.ref(COARSE_STARTS[from]);
  const columns = sumColumns.map((column) => sql.ref(column));
  const sums = sumColumns.map((column) => sql`SUM(${sql.ref(`u.${column}`)})`);
  const apart = apartColumns.map((column) => sql.ref(`s.${column}`));
  const isOfHours = into === 'usage_account_hour';
  await sql`
    INSERT INTO ${sql.table(into)} (account_id, ${sql.ref(COARSE_STARTS[into])}, series_id, outcome, ${sql.join(columns)})
    SELECT u.account_id, ${isOfHours ? sql`u.${start}` : sql`CAST(${fromMs} AS BIGINT)`}, MIN(u.series_id), u.outcome, ${sql.join(sums)}
    FROM ${sql.table(from)} AS u JOIN usage_series AS s ON s.id = u.series_id
    WHERE u.account_id = ${accountId} AND u.${start} >= ${fromMs} AND u.${start} < ${toMs}
    GROUP BY u.account_id, u.outcome, ${sql.join(apart)} ${isOfHours ? sql`, u.${start}` : sql``}`.execute(
    trx,
  );
}

const COARSE_STARTS = {
  ...STARTS,
  ...{ usage_account_hour: 'hour_ms', usage_account_day: 'start_ms', usage_key_day: 'start_ms' },
} as const;
