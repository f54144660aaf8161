/** The spans of time that figures are shown for, in the organisation's zone, as the gateway adds them up for its pages. */
import { beginningOf as beginningInZone, HOUR_MS } from '../../../src/time-zone.ts';
import { reportZone } from '../format/report-zone.ts';

export const PERIODS = ['24h', '7d', '30d', '90d', '1y'] as const;
export type Period = (typeof PERIODS)[number];
export type Granularity = 'minute' | 'hour' | 'day' | 'month';

const MINUTE_MS = 60_000;

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
  const from = 1 - count - (before ? count : 0);
  return {
    startMs: wholeHour(beginning(granularity, nowMs, from)),
    endMs: wholeHour(beginning(granularity, nowMs, from + count)),
  };
}

/** When each of its points begins. */
export function beginnings(period: Period, nowMs: number): readonly number[] {
  const { granularity, count } = SHAPES[period];
  return Array.from({ length: count }, (_, at) => beginning(granularity, nowMs, 1 - count + at));
}

/** When the span of that length begins in which a moment lies, or the one so many later, as figures know it. */
export function beginningOf(granularity: Granularity, nowMs: number, ahead: number): number {
  const atMs = beginning(granularity, nowMs, ahead);
  return granularity === 'minute' ? atMs : wholeHour(atMs);
}

function beginning(granularity: Granularity, nowMs: number, ahead: number): number {
  if (granularity === 'minute') return Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + ahead * MINUTE_MS;
  if (granularity === 'hour') return Math.floor(nowMs / HOUR_MS) * HOUR_MS + ahead * HOUR_MS;
  return beginningInZone(reportZone(), granularity, nowMs, ahead);
}

/** Figures are of whole hours of UTC: where days begin at half past one, the next one is the first of theirs. */
const wholeHour = (ms: number): number => Math.ceil(ms / HOUR_MS) * HOUR_MS;

type Names = Readonly<Record<Granularity, Intl.DateTimeFormat>>;
let names: { readonly zone: string; readonly long: Names; readonly short: Names } | null = null;

function namesNow() {
  const timeZone = reportZone();
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(undefined, { timeZone, ...options });
  if (names?.zone !== timeZone) {
    const clock = format({
      ...{ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
      timeZoneName: 'short',
    });
    const shortClock = format({ hour: '2-digit', minute: '2-digit', hour12: false });
    names = {
      zone: timeZone,
      long: {
        minute: clock,
        hour: clock,
        day: format({ dateStyle: 'full' }),
        month: format({ month: 'long', year: 'numeric' }),
      },
      short: {
        minute: shortClock,
        hour: shortClock,
        day: format({ day: 'numeric', month: 'short' }),
        month: format({ month: 'short' }),
      },
    };
  }
  return names;
}

export const longName = (granularity: Granularity, atMs: number): string =>
  namesNow().long[granularity].format(atMs);
export const shortName = (granularity: Granularity, atMs: number): string =>
  namesNow().short[granularity].format(atMs);

const POINT_NAMES: Readonly<Record<Granularity, string>> = {
  ...{ minute: 'Minute', hour: 'Hour', day: 'Day', month: 'Month' },
};
export const pointNameOf = (granularity: Granularity): string => POINT_NAMES[granularity];
