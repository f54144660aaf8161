/** The first page: how much, compared with before, by whom, and what needs somebody. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import {
  DIMENSIONS,
  type DimensionName,
  dimensionNamed,
  dimensionOf,
  METRICS,
} from '../../shared/analytics/metrics.ts';
import {
  granularityOf,
  PERIODS,
  type Period,
  periodLabel,
  periodOf,
  pointNameOf,
  spanOf,
} from '../../shared/analytics/periods.ts';
import { drawn } from '../../shared/analytics/points.ts';
import { figuresQuery } from '../../shared/analytics/query.ts';
import { CompleteUntil } from '../../shared/analytics/until.tsx';
import { StackedBars } from '../../shared/charts/stacked-bars.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Field } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Select } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { onlyOf, useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { Checklist } from './checklist.tsx';
import { KeysNearLimit } from './keys-near-limit.tsx';
import { RecentRefusals } from './recent-refusals.tsx';
import { Totals } from './totals.tsx';

export function OverviewPage() {
  const search = useSearch({ strict: false }) as { period?: string; by?: string };
  const navigate = useNavigate();
  const [nowMs] = useState(() => Date.now());
  const period = periodOf(search.period);
  const by = dimensionOf(search.by) ?? 'model';
  const change = (changes: { period?: string; by?: string }) =>
    void navigate({ to: '/', search: { ...search, ...changes } as never, replace: true });
  return (
    <>
      <PageTitle
        title="Overview"
        actions={
          <Field label={<span className="sr-only">Period</span>}>
            {(control) => (
              <Select
                {...control}
                value={period}
                options={PERIODS.map((each) => ({ value: each, label: periodLabel(each) }))}
                onChange={(event) => change({ period: event.target.value })}
              />
            )}
          </Field>
        }
      />
      <div className="grid grid-cols-1 gap-4">
        <Checklist nowMs={nowMs} />
        <Totals period={period} nowMs={nowMs} />
        <Spend period={period} by={by} nowMs={nowMs} onChange={(name) => change({ by: name })} />
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
          <KeysNearLimit />
          <RecentRefusals />
        </div>
      </div>
    </>
  );
}

function Spend({
  period,
  by,
  nowMs,
  onChange,
}: {
  period: Period;
  by: DimensionName;
  nowMs: number;
  onChange: (by: string) => void;
}) {
  const metric = METRICS.spend;
  const dimension = dimensionNamed(by);
  const figures = useQuery(
    figuresQuery({
      metrics: [metric.id],
      dimensions: [dimension.id],
      granularity: granularityOf(period),
      span: spanOf(period, nowMs),
      only: onlyOf(useChosenWorkspace()),
    }),
  );
  return (
    <Card
      title="Spend"
      actions={
        <Field label={<span className="sr-only">By</span>}>
          {(control) => (
            <Select
              {...control}
              value={by}
              options={(['model', 'key', 'member'] as const).map((each) => ({
                value: each,
                label: `By ${DIMENSIONS[each].label.toLowerCase()}`,
              }))}
              onChange={(event) => onChange(event.target.value)}
            />
          )}
        </Field>
      }
    >
      {figures.isPending && <Loading label="Adding up" />}
      {figures.isError && (
        <LoadError
          title="The figures could not be loaded"
          error={figures.error}
          onRetry={() => void figures.refetch()}
        />
      )}
      {figures.isSuccess && figures.data.data.length === 0 && (
        <EmptyState title="Nothing was asked in this time">
          <p>
            Choose a longer period, or ask a model: <TextLink to="/models">each has the command</TextLink>.
          </p>
        </EmptyState>
      )}
      {figures.isSuccess && figures.data.data.length > 0 && (
        <div className="grid grid-cols-1 gap-3">
          <StackedBars
            title={`Spend by ${dimension.label.toLowerCase()}, ${periodLabel(period).toLowerCase()}`}
            pointName={pointNameOf(granularityOf(period))}
            {...drawn(figures.data.data, { metric, dimension, period, nowMs, isCumulative: false })}
            format={metric.format}
          />
          <div className="flex flex-wrap items-center justify-between gap-3">
            <CompleteUntil iso={figures.data.metadata.complete_until} />
            <TextLink to={`/activity?by=${by}&period=${period}`}>Open in Activity</TextLink>
          </div>
        </div>
      )}
    </Card>
  );
}
