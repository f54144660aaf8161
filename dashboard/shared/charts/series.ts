/** What a chart draws: points along the horizontal axis, each with a value for every series. */

export interface Series {
  readonly id: string;
  /** In the legend, the tooltip and the table. */
  readonly label: string;
  /** What was summed up because it is too many: drawn in grey. */
  readonly isOther?: boolean;
}

export interface Point {
  /** Unique; given back when the point is chosen. */
  readonly id: string;
  /** In full, such as "12 November 2026". */
  readonly label: string;
  /** Below the axis, such as "12 Nov"; default: the label. */
  readonly shortLabel?: string;
  /** By the series' id; absent counts as nothing in bars, and as a gap in a line. */
  readonly values: Readonly<Record<string, number>>;
}

export interface ChartProps {
  /** What is shown, such as "Spend by day": names the chart and its table. */
  readonly title: string;
  /** What the points are, such as "Day": heads the table's first column. */
  readonly pointName: string;
  readonly series: readonly Series[];
  readonly points: readonly Point[];
  /** A value with its unit, in the tooltip and the table. */
  readonly format: (value: number) => string;
  /** The same in few characters, beside the axis; default: `format`. */
  readonly formatTick?: (value: number) => string;
  /** A line across, such as a limit. */
  readonly mark?: { readonly value: number; readonly label: string };
  /** Pixels; default 220. */
  readonly height?: number;
  /** A point was pressed, or Enter was while it was looked at. */
  readonly onSelect?: (point: Point) => void;
  /** Several next to each other were: drawn over, or Enter was pressed after Shift and the arrows. Both are part of it. */
  readonly onSelectRange?: (first: Point, last: Point) => void;
}

/** Seven that are told apart in both themes and by whoever sees fewer colours; more series than that start again. */
const FILLS = [
  'var(--chart-1)',
  'var(--chart-2)',
  'var(--chart-3)',
  'var(--chart-4)',
  'var(--chart-5)',
  'var(--chart-6)',
  'var(--chart-7)',
] as const;

export function colorOf(series: readonly Series[], index: number): string {
  if (series[index]?.isOther === true) return 'var(--chart-other)';
  return FILLS[index % FILLS.length] ?? FILLS[0];
}

export const amountOf = (point: Point, { id }: Series): number => point.values[id] ?? 0;

export function totalOf(point: Point, series: readonly Series[]): number {
  return series.reduce((sum, each) => sum + amountOf(point, each), 0);
}
