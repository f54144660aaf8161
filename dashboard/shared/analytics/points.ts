/** Rows of figures as what a chart draws: every span of time has its point, and what is too many is one series. */
import type { Point, Series } from '../charts/series.ts';
import { plainName } from '../components/untrusted.tsx';
import type { Dimension, Metric } from './metrics.ts';
import { beginnings, granularityOf, longName, type Period, shortName } from './periods.ts';
import type { Row } from './query.ts';

/** More are not told apart by their colours. */
const MOST_SERIES = 6;
/** No name of anything has this character: an app or a tag may well be called `other`. */
const OTHER = '\u0000';
const NOBODY = '(none)';

export interface Drawn {
  readonly series: readonly Series[];
  readonly points: readonly Point[];
}

/** `isCumulative`: each point has all that came before it too. */
export function drawn(
  rows: readonly Row[],
  {
    metric,
    dimension,
    period,
    nowMs,
    isCumulative,
  }: {
    readonly metric: Metric;
    readonly dimension: Dimension | null;
    readonly period: Period;
    readonly nowMs: number;
    readonly isCumulative: boolean;
  },
): Drawn {
  const granularity = granularityOf(period);
  const series = seriesOf(rows, metric, dimension);
  const known = new Set(series.map(({ id }) => id));
  const byStart = Map.groupBy(rows, (row) => Date.parse(String(row[`date__${granularity}`])));
  const sums: Record<string, number> = {};
  const points = beginnings(period, nowMs).map((startMs): Point => {
    const values: Record<string, number> = {};
    for (const row of byStart.get(startMs) ?? []) {
      const value = row[metric.id];
      if (typeof value !== 'number') continue;
      const id = idIn(row, dimension);
      const place = known.has(id) ? id : OTHER;
      if (metric.isSum) values[place] = (values[place] ?? 0) + value;
      else if (known.has(id)) values[place] = value;
    }
    if (isCumulative && metric.isSum)
      for (const { id } of series) values[id] = sums[id] = (sums[id] ?? 0) + (values[id] ?? 0);
    return {
      id: String(startMs),
      label: longName(granularity, startMs),
      shortLabel: shortName(granularity, startMs),
      values,
    };
  });
  return { series, points };
}

/** The largest first; the sum of the others behind them, where they have one. */
function seriesOf(rows: readonly Row[], metric: Metric, dimension: Dimension | null): readonly Series[] {
  if (dimension === null) return [{ id: 'all', label: metric.label }];
  const found = groupsOf(rows, metric, dimension);
  const shown = found.slice(0, MOST_SERIES).map(({ id, label }) => ({ id, label }));
  if (found.length <= MOST_SERIES || !metric.isSum) return shown;
  return [...shown, { id: OTHER, label: `${found.length - MOST_SERIES} others`, isOther: true }];
}

export interface Group {
  readonly id: string;
  readonly label: string;
  readonly value: number;
}

/** What a dimension is made of; of what has no sum, the highest of its rows stands for it. */
export function groupsOf(rows: readonly Row[], metric: Metric, dimension: Dimension): readonly Group[] {
  const groups = new Map<string, { id: string; label: string; value: number }>();
  for (const row of rows) {
    const id = idIn(row, dimension);
    const value = row[metric.id];
    if (typeof value !== 'number') continue;
    const group = groups.get(id) ?? { id, label: labelIn(row, dimension), value: 0 };
    group.value = metric.isSum ? group.value + value : Math.max(group.value, value);
    groups.set(id, group);
  }
  return [...groups.values()].sort(
    (one, other) => other.value - one.value || one.label.localeCompare(other.label),
  );
}

function idIn(row: Row, dimension: Dimension | null): string {
  return dimension === null ? 'all' : String(row[dimension.idMember] ?? row[dimension.id] ?? NOBODY);
}

function labelIn(row: Row, { id, idMember }: Dimension): string {
  const name = row[id] ?? row[idMember];
  return plainName(String(name ?? '')) || NOBODY;
}
