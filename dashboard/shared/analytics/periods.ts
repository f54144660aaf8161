/** The spans of time that figures are shown for: in UTC, as the gateway adds them up. */

export const PERIODS = ['24h', '7d', '30d', '90d', '1y'] as const;
export type Period = (typeof PERIODS)[number];
export type Granularity = 'minute' | 'hour' | 'day' | 'month';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Shape {
  readonly label: string;
  readonly granularity: Granularity;
  /** How many points of it. */
  readonly count: number;
}

const SHAPES: Readonly<Record<Period, Shape>> = {
  '24h': { label: 'Last 24 hours', granularity: 'hour', count: 24 },
  '7d': { label: 'Last 7 days', granularity: 'day', count: 7 },
  '30d': { label: 'Last 30 days', granularity: 'day', count: 30 },
  '90d': { label: 'Last 90 days', granularity: 'day', count: 90 },
  '1y': { label: 'Last 12 months', granularity: 'month', count: 12 },
};

export const periodLabel = (period: Period): string => SHAPES[period].label;
export const granularityOf = (period: Period): Granularity => SHAPES[period].granularity;

export function periodOf(text: unknown): Period {
  return PERIODS.find((known) => known === text) ?? '30d';
}

export interface Span {
  readonly startMs: number;
  /** Not part of it. */
  readonly endMs: number;
}

/** With the hour, day or month that runs now as its last; `before`: the one of the same length that came before it. */
export function spanOf(period: Period, nowMs: number, before = false): Span {
  const { granularity, count } = SHAPES[period];
  const end = beginningOf(granularity, nowMs, 1 - (before ? count : 0));
  return { startMs: beginningOf(granularity, nowMs, 1 - count - (before ? count : 0)), endMs: end };
}

/** When each of its points begins. */
export function beginnings(period: Period, nowMs: number): readonly number[] {
  const { granularity, count } = SHAPES[period];
  return Array.from({ length: count }, (_, at) => beginningOf(granularity, nowMs, 1 - count + at));
}

/** When the span of that length begins in which a moment lies, or the one so many later. */
export function beginningOf(granularity: Granularity, nowMs: number, offset: number): number {
  if (granularity === 'minute') return Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + offset * MINUTE_MS;
  if (granularity === 'hour') return Math.floor(nowMs / HOUR_MS) * HOUR_MS + offset * HOUR_MS;
  if (granularity === 'day') return Math.floor(nowMs / DAY_MS) * DAY_MS + offset * DAY_MS;
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset);
}

const zone = { timeZone: 'UTC' } as const;
const clock = new Intl.DateTimeFormat(undefined, { ...zone, dateStyle: 'medium', timeStyle: 'short' });
const LONG: Readonly<Record<Granularity, Intl.DateTimeFormat>> = {
  minute: clock,
  hour: clock,
  day: new Intl.DateTimeFormat(undefined, { ...zone, dateStyle: 'full' }),
  month: new Intl.DateTimeFormat(undefined, { ...zone, month: 'long', year: 'numeric' }),
};
const shortClock = new Intl.DateTimeFormat(undefined, {
  ...{ ...zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
});
const SHORT: Readonly<Record<Granularity, Intl.DateTimeFormat>> = {
  minute: shortClock,
  hour: shortClock,
  day: new Intl.DateTimeFormat(undefined, { ...zone, day: 'numeric', month: 'short' }),
  month: new Intl.DateTimeFormat(undefined, { ...zone, month: 'short' }),
};

export const longName = (granularity: Granularity, atMs: number): string =>
  granularity === 'hour' || granularity === 'minute'
    ? `${LONG.hour.format(atMs)} UTC`
    : LONG[granularity].format(atMs);
export const shortName = (granularity: Granularity, atMs: number): string => SHORT[granularity].format(atMs);

const POINT_NAMES: Readonly<Record<Granularity, string>> = {
  ...{ minute: 'Minute', hour: 'Hour', day: 'Day', month: 'Month' },
};
export const pointNameOf = (granularity: Granularity): string => POINT_NAMES[granularity];
