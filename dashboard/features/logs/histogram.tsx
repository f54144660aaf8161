/** How many requests there were over the time that the log shows, by how they ended. A bar, or several, narrow it to their time. */
import { useQuery } from '@tanstack/react-query';
import { formatCompact, METRICS } from '../../shared/analytics/metrics.ts';
import { longName, pointNameOf, shortName } from '../../shared/analytics/periods.ts';
import { figuresQuery, numberIn } from '../../shared/analytics/query.ts';
import type { Point } from '../../shared/charts/series.ts';
import { StackedBars } from '../../shared/charts/stacked-bars.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { onlyOf, useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { barsOf, type LogTimes, spanOfBars } from './log-times.ts';
import { FILTERS, type FilterName, filtersOf, type LogsSearch } from './logs-search.ts';

const SERIES = [
  { id: 'complete', label: 'Complete' },
  { id: 'cancelled', label: 'Cancelled' },
  { id: 'failed', label: 'Failed' },
];

/** By what figures are told apart too; the others are known of single requests alone. */
const DIMENSIONS: Readonly<Partial<Record<FilterName, string>>> = {
  ...{ model: 'model', provider: 'provider', api_key_hash: 'api_key_id', outcome: 'outcome' },
  ...{ door: 'door', api_type: 'api_type', external_user: 'external_user', app: 'app' },
};

export function Histogram({
  search,
  times,
  onNarrow,
}: {
  search: LogsSearch;
  times: LogTimes;
  onNarrow: (span: { start: string; end: string }) => void;
}) {
  const { granularity } = times;
  const filters = Object.entries(filtersOf(search)) as [FilterName, string][];
  const dimensionOf = ([name, value]: [FilterName, string]) =>
    // Apps are figured by their address, and by the hour at least.
    name === 'app' && (granularity === 'minute' || !/^https?:/.test(value)) ? undefined : DIMENSIONS[name];
  const ignored = filters
    .filter((filter) => dimensionOf(filter) === undefined)
    .map(([name]) => FILTERS[name]);
  const ofWorkspace = onlyOf(useChosenWorkspace());
  const only = Object.fromEntries(
    filters.flatMap((filter) => {
      const dimension = dimensionOf(filter);
      return dimension === undefined ? [] : [[dimension, [filter[1]]]];
    }),
  );
  const figures = useQuery(
    figuresQuery({
      ...{
        metrics: [METRICS.requests.id],
        dimensions: ['outcome'],
        granularity,
        only: { ...only, ...ofWorkspace },
      },
      span: times,
    }),
  );
  if (figures.isPending) return <Loading label="Counting" />;
  if (figures.isError)
    return (
      <LoadError
        title="The requests could not be counted"
        error={figures.error}
        onRetry={() => void figures.refetch()}
      />
    );
  const byStart = Map.groupBy(figures.data.data, (row) => Date.parse(String(row[`date__${granularity}`])));
  const points = barsOf(times).map(
    (startMs): Point => ({
      id: String(startMs),
      label: longName(granularity, startMs),
      shortLabel: shortName(granularity, startMs),
      values: Object.fromEntries(
        (byStart.get(startMs) ?? []).map((row) => [
          String(row['outcome']),
          numberIn(row, METRICS.requests.id) ?? 0,
        ]),
      ),
    }),
  );
  const shown = SERIES.filter(({ id }) => points.some(({ values }) => (values[id] ?? 0) > 0));
  return (
    <div className="grid grid-cols-1 gap-2">
      <StackedBars
        title="Requests over time"
        pointName={pointNameOf(granularity)}
        series={shown.length === 0 ? SERIES.slice(0, 1) : shown}
        points={points}
        format={formatCount}
        formatTick={formatCompact}
        height={140}
        onSelect={({ id }) => onNarrow(spanOfBars(Number(id), Number(id), granularity))}
        onSelectRange={(first, last) => onNarrow(spanOfBars(Number(first.id), Number(last.id), granularity))}
      />
      <p className="text-xs text-muted">
        Times are in UTC here. Press a bar, or draw over several, to see their time alone.
        {ignored.length > 0 && ` Not narrowed by: ${ignored.join('; ')}.`}
      </p>
    </div>
  );
}
