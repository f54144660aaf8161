/**
 * Which sums an answer is made of: a range as whole months, weeks, days and the hours that are left, of single series or of many keys. No
 * I/O.
 */
import type { LongerTable } from '../metering/coarse.ts';
import { DAY_MS, dayOf, MONDAY_MS, monthOf, WEEK_MS, weekOf } from '../metering/days.ts';
import { HOUR_MS } from '../time-zone.ts';
import { type DimensionName, dimensionsIn, type Question, type Span } from './store.ts';

/**
 * How far the hours of an account are in the longer sums: all rows of earlier hours, and of this one those up to a series ('' : none). What
 * a day, a week or a month that is not over has, are its hours until there.
 */
export interface Closed {
  readonly hourMs: number;
  readonly seriesId: string;
}

export type SumTable = 'usage_hour' | LongerTable;

export interface Piece {
  readonly table: SumTable;
  /** Rows whose spans begin in this range. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Only series behind this one, in the order of the database; without it all. */
  readonly afterSeriesId?: string;
}

type Asked = Pick<Question, 'fromMs' | 'toMs' | 'span' | 'madeBy' | 'dimensions' | 'filters'>;

/** Those that nothing is in are left out. */
export function piecesOf(question: Asked, { hourMs, seriesId }: Closed): readonly Piece[] {
  const { fromMs, toMs } = question;
  const endMs = seriesId === '' ? hourMs : hourMs + HOUR_MS;
  const pieces = covered(fromMs, toMs, lengthsFor(question), endMs);
  const rest = pieces.some(
    (piece) => piece.table !== 'usage_hour' && piece.fromMs <= hourMs && hourMs < piece.toMs,
  );
  if (seriesId === '' || !rest) return pieces;
  return [...pieces, { table: 'usage_hour', fromMs: hourMs, toMs: endMs, afterSeriesId: seriesId }];
}

/** Sums of one length. */
interface Length {
  readonly table: LongerTable;
  readonly startOf: (atMs: number) => number;
  /** When the span ends that begins there. */
  readonly endOf: (startMs: number) => number;
}

/** A range as spans of the last length as far as there are any, beside these of those before it, and beside these of hours by series. */
function covered(fromMs: number, toMs: number, lengths: readonly Length[], endMs: number): readonly Piece[] {
  if (fromMs >= toMs) return [];
  const length = lengths.at(-1);
  if (length === undefined) return [{ table: 'usage_hour', fromMs, toMs }];
  const shorter = lengths.slice(0, -1);
  const { table, startOf, endOf } = length;
  const startMs = startOf(fromMs) === fromMs ? fromMs : endOf(startOf(fromMs));
  // A span that is not over ends with the last hour that is in it.
  const untilMs = endMs <= toMs ? endMs : startOf(toMs);
  if (startMs >= untilMs) return covered(fromMs, toMs, shorter, endMs);
  return [
    ...covered(fromMs, startMs, shorter, endMs),
    { table, fromMs: startMs, toMs: untilMs },
    ...covered(untilMs, toMs, shorter, endMs),
  ];
}

const hours = (table: LongerTable): Length => ({
  ...{
    table,
    startOf: (atMs) => Math.floor(atMs / HOUR_MS) * HOUR_MS,
    endOf: (startMs) => startMs + HOUR_MS,
  },
});
const days = (table: LongerTable): Length => ({
  ...{ table, startOf: dayOf, endOf: (startMs) => startMs + DAY_MS },
});
const weeks = (table: LongerTable): Length => ({
  ...{ table, startOf: weekOf, endOf: (startMs) => startMs + WEEK_MS },
});
const months = (table: LongerTable): Length => ({
  ...{ table, startOf: monthOf, endOf: (startMs) => monthOf(startMs, 1) },
});

/** What the rows of many keys tell apart: see `metering/coarse.ts`. */
const APART_IN_ACCOUNT: readonly DimensionName[] = [
  ...(['model', 'model_id', 'provider', 'endpoint', 'workspace', 'api_type', 'door', 'outcome'] as const),
];
const APART_BY_KEY: readonly DimensionName[] = ['api_key_id', 'user', 'workspace', 'outcome'];
/** From here on months of single series are fewer rows than weeks of keys. */
const MANY_WEEKS_MS = 92 * DAY_MS;

/** The sums that know all that a question tells apart, in spans that its own are made of; the longest last. */
function lengthsFor(question: Asked): readonly Length[] {
  const { madeBy, span, fromMs, toMs } = question;
  const asked = dimensionsIn(question);
  const areIn = (apart: readonly DimensionName[]) => asked.every((dimension) => apart.includes(dimension));
  const isByDays = isMadeOf(span, DAY_MS, 0);
  const byMonths = isOfMonths(span) ? [months('usage_month')] : [];
  if (madeBy === null && areIn(APART_IN_ACCOUNT))
    return [hours('usage_account_hour'), ...(isByDays ? [days('usage_account_day')] : [])];
  if (!isByDays) return [];
  if (!areIn(APART_BY_KEY)) return [days('usage_day'), ...byMonths];
  return [
    days('usage_key_day'),
    ...(isMadeOf(span, WEEK_MS, MONDAY_MS) ? [weeks('usage_key_week')] : []),
    ...(toMs - fromMs > MANY_WEEKS_MS ? byMonths : []),
  ];
}

/** Whether each span begins and ends where one of these does: so long, and counted from a moment on. */
function isMadeOf(span: Span | null, ms: number, fromMs: number): boolean {
  switch (span?.kind) {
    case 'every':
      return span.ms % ms === 0 && (span.offsetMs - fromMs) % ms === 0;
    case 'onClocks':
      return (
        span.ms % ms === 0 &&
        (span.fromMs - fromMs) % ms === 0 &&
        span.offsets.every(({ offsetMs }) => offsetMs % ms === 0)
      );
    case 'at':
      return span.beginnings.every((beginning) => (beginning - fromMs) % ms === 0);
    default:
      return true;
  }
}

/** Whether each span is made of whole months of UTC. */
function isOfMonths(span: Span | null): boolean {
  if (span === null) return true;
  return span.kind === 'at' && span.beginnings.every((beginning) => monthOf(beginning) === beginning);
}
