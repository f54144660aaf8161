/**
 * Which sums an answer is made of: a range as whole months, whole days and the hours that are left, of single series or of many keys. No
 * I/O.
 */
import type { CoarseTable } from '../metering/coarse.ts';
import { DAY_MS, dayOf, monthOf } from '../metering/days.ts';
import { type DimensionName, dimensionsIn, type Question, type Span } from './store.ts';

/** Up to when the hours of an account are in the sums of days, of months, and of many keys too. */
export interface Closed {
  readonly daysUntilMs: number;
  readonly monthsUntilMs: number;
  /** A day begins there, none later than `daysUntilMs`. */
  readonly coarseUntilMs: number;
}

type TimeTable = 'usage_hour' | 'usage_day' | 'usage_month';
export type SumTable = TimeTable | CoarseTable;

interface PieceOf<Table extends SumTable> {
  readonly table: Table;
  readonly fromMs: number;
  readonly toMs: number;
}

export type Piece = PieceOf<SumTable>;

/** In order of time, without gaps; those that nothing is in are left out. */
export function piecesOf(
  question: Pick<Question, 'fromMs' | 'toMs' | 'span' | 'madeBy' | 'dimensions' | 'filters'>,
  closed: Closed,
): readonly Piece[] {
  const coarser = coarserFor(question);
  return piecesOfSeries(question, closed).flatMap((piece) => {
    const table = coarser[piece.table];
    const untilMs = Math.min(piece.toMs, closed.coarseUntilMs);
    // A part of a month has no sum of its own.
    if (
      table === undefined ||
      untilMs <= piece.fromMs ||
      (piece.table === 'usage_month' && untilMs < piece.toMs)
    )
      return [piece];
    return within<SumTable>(piece, table, piece.fromMs, untilMs);
  });
}

type Coarser = Readonly<Partial<Record<TimeTable, CoarseTable>>>;

const OF_ACCOUNT: Coarser = {
  usage_hour: 'usage_account_hour',
  usage_day: 'usage_account_day',
  usage_month: 'usage_account_day',
};
const OF_KEYS: Coarser = { usage_day: 'usage_key_day' };
/** What the rows of `metering/coarse.ts` tell apart. */
const APART_IN_ACCOUNT: readonly DimensionName[] = [
  ...(['model', 'model_id', 'provider', 'endpoint', 'workspace', 'api_type', 'door', 'outcome'] as const),
];
const APART_BY_KEY: readonly DimensionName[] = ['api_key_id', 'user', 'workspace', 'outcome'];

/** Which sums of many keys know all that a question tells apart. */
function coarserFor(question: Pick<Question, 'madeBy' | 'dimensions' | 'filters'>): Coarser {
  const asked = dimensionsIn(question);
  const areIn = (apart: readonly DimensionName[]) => asked.every((dimension) => apart.includes(dimension));
  if (question.madeBy === null && areIn(APART_IN_ACCOUNT)) return OF_ACCOUNT;
  return areIn(APART_BY_KEY) ? OF_KEYS : {};
}

type TimePiece = PieceOf<TimeTable>;

/** The same, out of the sums by series alone. */
function piecesOfSeries(
  { fromMs, toMs, span }: Pick<Question, 'fromMs' | 'toMs' | 'span'>,
  { daysUntilMs, monthsUntilMs }: Omit<Closed, 'coarseUntilMs'>,
): readonly TimePiece[] {
  const hours: TimePiece = { table: 'usage_hour', fromMs, toMs };
  if (!isOfDays(span)) return [hours];
  const days = within(hours, 'usage_day', dayOf(fromMs + DAY_MS - 1), dayOf(Math.min(toMs, daysUntilMs)));
  if (days.length === 0 || !isOfMonths(span)) return days.length === 0 ? [hours] : days;
  return days.flatMap((piece) =>
    piece.table === 'usage_day'
      ? within(
          piece,
          'usage_month',
          monthOf(piece.fromMs - 1, 1),
          monthOf(Math.min(piece.toMs, monthsUntilMs)),
        )
      : [piece],
  );
}

/** A piece with the sums of another table in its middle; as it is where these have no room. */
function within<Table extends SumTable>(
  piece: PieceOf<Table>,
  table: Table,
  fromMs: number,
  toMs: number,
): readonly PieceOf<Table>[] {
  if (fromMs >= toMs) return [piece];
  const pieces = [
    { ...piece, toMs: fromMs },
    { table, fromMs, toMs },
    { ...piece, fromMs: toMs },
  ];
  return pieces.filter((each) => each.fromMs < each.toMs);
}

/** Whether each span is made of whole days of UTC. */
function isOfDays(span: Span | null): boolean {
  switch (span?.kind) {
    case 'every':
      return span.ms % DAY_MS === 0 && span.offsetMs % DAY_MS === 0;
    case 'onClocks':
      return span.offsets.every(({ offsetMs }) => offsetMs % DAY_MS === 0);
    case 'at':
      return span.beginnings.every((beginning) => dayOf(beginning) === beginning);
    default:
      return true;
  }
}

/** Whether each span is made of whole months of UTC. */
function isOfMonths(span: Span | null): boolean {
  if (span === null) return true;
  return span.kind === 'at' && span.beginnings.every((beginning) => monthOf(beginning) === beginning);
}
