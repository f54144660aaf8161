/** The span of time that the log shows, and how its histogram cuts it. In UTC, as the gateway adds figures up. */
import {
  beginningOf,
  type Granularity,
  longName,
  type Period,
  periodLabel,
  type Span,
  spanOf,
} from '../../shared/analytics/periods.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import type { LogPeriod, LogsSearch } from './logs-search.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DEFAULT_PERIOD: LogPeriod = '30d';

export interface LogTimes extends Span {
  readonly granularity: Granularity;
  /** Whether it goes on as time does: the list has no end then. */
  readonly isRunning: boolean;
}

export function periodIn({ period, start }: LogsSearch): LogPeriod | null {
  return start === undefined ? (period ?? DEFAULT_PERIOD) : null;
}

export const periodName = (period: LogPeriod): string =>
  period === '1h' ? 'Last hour' : period === '3h' ? 'Last 3 hours' : periodLabel(period);

export function timesOf(search: LogsSearch, nowMs: number): LogTimes {
  const period = periodIn(search);
  if (period === null) {
    const [startMs, endMs] = [Date.parse(search.start ?? ''), Date.parse(search.end ?? '')];
    return { startMs, endMs, granularity: granularityFor(endMs - startMs), isRunning: false };
  }
  if (period === '1h' || period === '3h') {
    const minutes = period === '1h' ? 60 : 180;
    const startMs = beginningOf('minute', nowMs, 1 - minutes);
    return { startMs, endMs: startMs + minutes * MINUTE_MS, granularity: 'minute', isRunning: true };
  }
  return { ...spanOf(period, nowMs), granularity: granularityOfPeriod(period), isRunning: true };
}

function granularityOfPeriod(period: Period): Granularity {
  return period === '24h' ? 'hour' : period === '1y' ? 'month' : 'day';
}

function granularityFor(lengthMs: number): Granularity {
  if (lengthMs <= 3 * HOUR_MS) return 'minute';
  if (lengthMs <= 3 * DAY_MS) return 'hour';
  return lengthMs <= 120 * DAY_MS ? 'day' : 'month';
}

/** When each bar begins. */
export function barsOf({ startMs, endMs, granularity }: LogTimes): readonly number[] {
  const bars: number[] = [];
  for (let at = beginningOf(granularity, startMs, 0); at < endMs; at = beginningOf(granularity, at, 1))
    bars.push(at);
  return bars;
}

/** From the beginning of one bar to the end of another. */
export function spanOfBars(firstMs: number, lastMs: number, granularity: Granularity) {
  return {
    start: new Date(firstMs).toISOString(),
    end: new Date(beginningOf(granularity, lastMs, 1)).toISOString(),
  };
}

/** In the reader's own time zone, as the rows are. */
export function spanText({ start = '', end = '' }: LogsSearch): string {
  const isDay = start.endsWith('T00:00:00.000Z') && Date.parse(end) - Date.parse(start) === DAY_MS;
  return isDay
    ? `${longName('day', Date.parse(start))} (UTC)`
    : `${formatDateTime(start)} – ${formatDateTime(end)}`;
}
