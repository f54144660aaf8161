/** Which sums an answer is made of: a range as whole months, whole days and the hours that are left. No I/O. */
import { DAY_MS, dayOf, monthOf } from '../metering/days.ts';
import type { Question, Span } from './store.ts';

/** Up to when the hours of an account are in the sums of days and of months too. */
export interface Closed {
  readonly daysUntilMs: number;
  readonly monthsUntilMs: number;
}

export type SumTable = 'usage_hour' | 'usage_day' | 'usage_month';

export interface Piece {
  readonly table: SumTable;
  readonly fromMs: number;
  readonly toMs: number;
}

/** In order of time, without gaps; those that nothing is in are left out. */
export function piecesOf(
  { fromMs, toMs, span }: Pick<Question, 'fromMs' | 'toMs' | 'span'>,
  { daysUntilMs, monthsUntilMs }: Closed,
): readonly Piece[] {
  const hours: Piece = { table: 'usage_hour', fromMs, toMs };
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
function within(piece: Piece, table: SumTable, fromMs: number, toMs: number): readonly Piece[] {
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
