/** Adds requests to the sums by the hour, and to the longer ones where their hour is in these already. */
import type { Trx } from '../storage/database.ts';
import type {
  UsageClosedTable,
  UsageCoarseSeriesTable,
  UsageHourTable,
  UsageSeriesTable,
} from '../storage/figure-tables.ts';
import { coarseSeries, lockClosed, seriesBehind } from './closing-store.ts';
import { coarseSeriesOf, LONGER_SUMS } from './coarse.ts';
import { addHours, addSpans, insertCoarseSeries, insertSeries } from './hours-store.ts';
import { type HourlyTotals, longerSpans } from './usage-hours.ts';

/** `openFromMs`: no hour that begins there or later can be in the longer sums yet. */
export async function addUsageHours(
  trx: Trx,
  { series, tags, hours }: HourlyTotals,
  openFromMs: number,
): Promise<void> {
  if (hours.length === 0) return;
  await insertSeries(trx, series, tags);
  const late = hours.filter(({ hour_ms }) => hour_ms < openFromMs);
  if (late.length > 0) await addLate(trx, late, series);
  await addHours(trx, hours);
}

/** Behind the lock that whoever adds hours up takes too. */
async function addLate(
  trx: Trx,
  late: readonly UsageHourTable[],
  series: readonly UsageSeriesTable[],
): Promise<void> {
  const accounts = [...new Set(late.map(({ account_id }) => account_id))].sort();
  const closed: UsageHourTable[] = [];
  for (const place of await lockClosed(trx, accounts)) closed.push(...(await closedOf(trx, late, place)));
  if (closed.length === 0) return;
  const ids = new Set(closed.map(({ series_id }) => series_id));
  const coarse = await coarsened(
    trx,
    series.filter(({ id }) => ids.has(id)),
  );
  for (const { table, startOf, coarseness } of LONGER_SUMS) {
    const seriesIdOf = (id: string) => (coarseness === null ? id : (coarse.get(id)?.[coarseness] ?? id));
    await addSpans(trx, table, longerSpans(closed, startOf, seriesIdOf));
  }
}

/** Of one account's rows, those whose place was passed already. */
async function closedOf(
  trx: Trx,
  late: readonly UsageHourTable[],
  { account_id, hour_ms, series_id }: UsageClosedTable,
): Promise<UsageHourTable[]> {
  const own = late.filter((row) => row.account_id === account_id);
  const within = series_id === '' ? [] : own.filter((row) => row.hour_ms === hour_ms);
  const ids = within.map((row) => row.series_id);
  const behind = await seriesBehind(trx, account_id, series_id, ids);
  return [
    ...own.filter((row) => row.hour_ms < hour_ms),
    ...within.filter((row) => !behind.has(row.series_id)),
  ];
}

/** What some series are in coarser sums, by their ids. Written down where it was not yet. */
export async function coarsened(
  trx: Trx,
  series: readonly UsageSeriesTable[],
): Promise<Map<string, UsageCoarseSeriesTable>> {
  const known = await coarseSeries(
    trx,
    series.map(({ id }) => id),
  );
  const coarse = new Map(known.map((row) => [row.series_id, row]));
  await writeCoarse(
    trx,
    series.filter(({ id }) => !coarse.has(id)),
    coarse,
  );
  return coarse;
}

/** Writes down what some series are in coarser sums, and the series that stand for them. */
export async function writeCoarse(
  trx: Trx,
  series: readonly UsageSeriesTable[],
  into = new Map<string, UsageCoarseSeriesTable>(),
): Promise<void> {
  const standing = new Map<string, UsageSeriesTable>();
  const rows = series.map((each) => {
    const [ofAccount, ofKey] = [coarseSeriesOf(each, 'of_account'), coarseSeriesOf(each, 'of_key')];
    standing.set(ofAccount.id, ofAccount).set(ofKey.id, ofKey);
    const row = { series_id: each.id, of_account: ofAccount.id, of_key: ofKey.id };
    into.set(each.id, row);
    return row;
  });
  const byId = [...standing.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  await insertSeries(trx, byId, []);
  await insertCoarseSeries(trx, rows);
}
