/** All SQL that adds hours up to days, and days to months, and that knows up to when this was done. Days and months are UTC. */
import { PostgresAdapter, sql, type Transaction } from 'kysely';
import type { UsageClosedTable } from '../storage/figure-tables.ts';
import type { Tables } from '../storage/schema.ts';
import { SUM_COLUMNS } from './usage-hours.ts';

export const DAY_MS = 86_400_000;

/** When the day begins that a moment is in. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/** When the month begins. `later`: so many months on. */
export function monthOf(atMs: number, later = 0): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later, 1);
}

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
    .values(accounts.map((account_id) => ({ account_id, days_until_ms: 0, months_until_ms: 0 })))
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

/**
 * Adds up the next day of an account that ended by `endMs`, or else its next month all of whose days are added up. Whether it did
 * either; days without requests are passed over.
 */
export async function closeNext(
  trx: Transaction<Tables>,
  accountId: string,
  endMs: number,
): Promise<boolean> {
  const [closed] = await lockClosed(trx, [accountId]);
  if (closed === undefined) return false;
  const { days_until_ms: daysUntilMs, months_until_ms: monthsUntilMs } = closed;
  if (daysUntilMs < endMs) {
    const next = await firstOf(trx, 'usage_hour', accountId, daysUntilMs);
    const day = next === null ? endMs : Math.min(dayOf(next), endMs);
    if (day < endMs) await addUp(trx, ['usage_hour', 'usage_day'], accountId, day, day + DAY_MS);
    await setClosed(trx, accountId, { days_until_ms: Math.min(day + DAY_MS, endMs) });
    return true;
  }
  const monthsEndMs = monthOf(daysUntilMs);
  if (monthsUntilMs >= monthsEndMs) return false;
  const next = await firstOf(trx, 'usage_day', accountId, monthsUntilMs);
  const month = next === null ? monthsEndMs : Math.min(monthOf(next), monthsEndMs);
  const monthEndMs = Math.min(monthOf(month, 1), monthsEndMs);
  if (month < monthsEndMs) await addUp(trx, ['usage_day', 'usage_month'], accountId, month, monthEndMs);
  await setClosed(trx, accountId, { months_until_ms: monthEndMs });
  return true;
}

const STARTS = { usage_hour: 'hour_ms', usage_day: 'start_ms', usage_month: 'start_ms' } as const;
type SpanTable = keyof typeof STARTS;

/** When the first span with requests begins, from a moment on; null: there is none. */
async function firstOf(
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

async function addUp(
  trx: Transaction<Tables>,
  [from, into]: readonly [SpanTable, SpanTable],
  accountId: string,
  startMs: number,
  endMs: number,
): Promise<void> {
  const start = sql.ref(STARTS[from]);
  const columns = SUM_COLUMNS.map((column) => sql.ref(column));
  const sums = columns.map((column) => sql`SUM(${column})`);
  await sql`
    INSERT INTO ${sql.table(into)} (account_id, start_ms, series_id, outcome, ${sql.join(columns)})
    SELECT account_id, CAST(${startMs} AS BIGINT), series_id, outcome, ${sql.join(sums)} FROM ${sql.table(from)}
    WHERE account_id = ${accountId} AND ${start} >= ${startMs} AND ${start} < ${endMs}
    GROUP BY account_id, series_id, outcome`.execute(trx);
}

async function setClosed(
  trx: Transaction<Tables>,
  accountId: string,
  until: Partial<Omit<UsageClosedTable, 'account_id'>>,
): Promise<void> {
  await trx.updateTable('usage_closed').set(until).where('account_id', '=', accountId).execute();
}
