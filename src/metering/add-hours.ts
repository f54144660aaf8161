/** Adds requests to the sums by the hour, and to those of days, of months and of many keys where these were made already. */
import type { Trx } from '../storage/database.ts';
import type { UsageHourTable } from '../storage/figure-tables.ts';
import { lockClosed } from './closing-store.ts';
import { dayOf, monthOf } from './days.ts';
import { addHours, addSpans, insertSeries } from './hours-store.ts';
import { type HourlyTotals, longerSpans } from './usage-hours.ts';

/** `openFromMs`: no day that begins there or later can be in the sums by the day yet. */
export async function addUsageHours(
  trx: Trx,
  { series, tags, hours }: HourlyTotals,
  openFromMs: number,
): Promise<void> {
  if (hours.length === 0) return;
  await insertSeries(trx, series, tags);
  const late = hours.filter(({ hour_ms }) => hour_ms < openFromMs);
  if (late.length > 0) await addLate(trx, late);
  await addHours(trx, hours);
}

/** Behind the lock that whoever adds up days takes too. */
async function addLate(trx: Trx, late: readonly UsageHourTable[]): Promise<void> {
  const accounts = [...new Set(late.map(({ account_id }) => account_id))].sort();
  const closed = new Map((await lockClosed(trx, accounts)).map((row) => [row.account_id, row]));
  const within = (until: 'days_until_ms' | 'months_until_ms' | 'coarse_until_ms') =>
    late.filter(({ account_id, hour_ms }) => hour_ms < (closed.get(account_id)?.[until] ?? 0));
  await addSpans(trx, 'usage_day', longerSpans(within('days_until_ms'), dayOf));
  await addSpans(trx, 'usage_month', longerSpans(within('months_until_ms'), monthOf));
  // Each by its own series, which says of itself what these tables tell apart.
  const coarse = within('coarse_until_ms');
  await addHours(trx, coarse, 'usage_account_hour');
  await addSpans(trx, 'usage_account_day', longerSpans(coarse, dayOf));
  await addSpans(trx, 'usage_key_day', longerSpans(coarse, dayOf));
}
