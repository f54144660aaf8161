/** Where the money and the tokens went: one figure, taken apart by one thing, over one span of time. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import {
  DIMENSIONS,
  type DimensionName,
  dimensionNamed,
  formatCompact,
  METRICS,
  type MetricName,
} from '../../shared/analytics/metrics.ts';
import { granularityOf, PERIODS, periodLabel, pointNameOf, spanOf } from '../../shared/analytics/periods.ts';
import { drawn, groupsOf } from '../../shared/analytics/points.ts';
import { type Figures, figuresQuery, tagsQuery } from '../../shared/analytics/query.ts';
import { CompleteUntil } from '../../shared/analytics/until.tsx';
import { LineChart } from '../../shared/charts/line-chart.tsx';
import { StackedBars } from '../../shared/charts/stacked-bars.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { onlyOf, useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { type ActivitySearch, activitySearchOf } from './activity-search.ts';
import { csvOf, download, jsonOf } from './download.ts';
import { GroupsTable } from './groups-table.tsx';

export function ActivityPage() {
  const search = activitySearchOf(useSearch({ strict: false }) as Record<string, unknown>);
  const chosen = useChosenWorkspace();
  const navigate = useNavigate();
  // Of the moment when the page was opened: a span that moves would be asked for anew with every look.
  const [nowMs] = useState(() => Date.now());
  const metric = METRICS[search.metric];
  const dimension = search.by === null ? null : dimensionNamed(search.by);
  const figures = useQuery(
    figuresQuery({
      metrics: [metric.id],
      dimensions: dimension === null ? [] : [dimension.id],
      granularity: granularityOf(search.period),
      span: spanOf(search.period, nowMs),
      only: onlyOf(chosen),
    }),
  );
  const change = (changes: Record<string, string | undefined>) =>
    void navigate({
      to: '/activity' as '/',
      search: ((all: object) => ({ ...all, ...changes })) as never,
      replace: true,
    });
  return (
    <>
      <PageTitle title="Activity" description="What was spent, by whom and on what." />
      <div className="grid grid-cols-1 gap-4">
        <Choices search={search} onChange={change} />
        <Card>
          {figures.isPending && <Loading label="Adding up" />}
          {figures.isError && (
            <LoadError
              title="The figures could not be loaded"
              error={figures.error}
              onRetry={() => void figures.refetch()}
            />
          )}
          {figures.isSuccess && <Shown figures={figures.data} search={search} nowMs={nowMs} />}
        </Card>
      </div>
    </>
  );
}

function Choices({
  search,
  onChange,
}: {
  search: ActivitySearch;
  onChange: (changes: Record<string, string | undefined>) => void;
}) {
  const metrics = Object.entries(METRICS).map(([value, { label }]) => ({ value, label }));
  const tags = useQuery(tagsQuery()).data ?? [];
  // A tag of the address is offered before it is known, and where it is not known any more.
  const names = new Set<string>([
    ...Object.keys(DIMENSIONS),
    ...tags,
    ...(search.by === null ? [] : [search.by]),
  ]);
  const groupings = [...names].map((value) => ({
    value,
    label: dimensionNamed(value as DimensionName).label,
  }));
  return (
    <div className="grid grid-cols-1 items-end gap-3 sm:grid-cols-3 lg:max-w-3xl">
      <SelectField
        label="Figure"
        value={search.metric}
        options={metrics}
        onChange={(event) => onChange({ metric: event.target.value as MetricName })}
      />
      <SelectField
        label="By"
        value={search.by ?? 'none'}
        options={[...groupings, { value: 'none', label: 'Nothing: one sum' }]}
        onChange={(event) => onChange({ by: event.target.value as DimensionName | 'none' })}
      />
      <SelectField
        label="Period"
        value={search.period}
        options={PERIODS.map((period) => ({ value: period, label: periodLabel(period) }))}
        onChange={(event) => onChange({ period: event.target.value })}
      />
      {METRICS[search.metric].isSum && (
        <Checkbox
          label="Add up over time"
          checked={search.isCumulative}
          onChange={(isOn) => onChange({ cumulative: isOn ? '1' : undefined })}
        />
      )}
    </div>
  );
}

function Shown({ figures, search, nowMs }: { figures: Figures; search: ActivitySearch; nowMs: number }) {
  const metric = METRICS[search.metric];
  const dimension = search.by === null ? null : dimensionNamed(search.by);
  const chart = drawn(figures.data, { ...search, metric, dimension, nowMs });
  if (figures.data.length === 0)
    return (
      <EmptyState title="Nothing was asked in this time">
        <p>Choose a longer period, or make a request with one of your keys.</p>
      </EmptyState>
    );
  const shown = {
    title: `${metric.label}, ${periodLabel(search.period).toLowerCase()}`,
    pointName: pointNameOf(granularityOf(search.period)),
    ...chart,
    format: metric.format,
    formatTick: search.metric === 'spend' ? formatUsd : metric.isSum ? formatCompact : metric.format,
    height: 280,
  };
  const name = `activity-${search.metric}-${search.period}`;
  return (
    <div className="grid grid-cols-1 gap-4">
      {metric.isSum ? <StackedBars {...shown} /> : <LineChart {...shown} />}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <CompleteUntil iso={figures.metadata.complete_until} />
          {figures.metadata.truncated && (
            <p className="text-sm text-warning-text">
              There is more than can be shown: some of it is missing here. Choose a shorter period.
            </p>
          )}
        </div>
        <div className="flex gap-2">
          <Button variant="secondary" onClick={() => download(`${name}.csv`, 'text/csv', csvOf(chart))}>
            CSV
          </Button>
          <Button
            variant="secondary"
            onClick={() => download(`${name}.json`, 'application/json', jsonOf(chart))}
          >
            JSON
          </Button>
        </div>
      </div>
      {dimension !== null && (
        <GroupsTable
          groups={groupsOf(figures.data, metric, dimension)}
          metric={metric}
          dimension={dimension}
        />
      )}
    </div>
  );
}
