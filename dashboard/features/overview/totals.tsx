/** The sums of the period, each beside that of the period before. */
import { useQuery } from '@tanstack/react-query';
import { METRICS, type MetricName } from '../../shared/analytics/metrics.ts';
import { type Period, spanOf } from '../../shared/analytics/periods.ts';
import { type Figures, figuresQuery, numberIn } from '../../shared/analytics/query.ts';
import { onlyOf, useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';

const SHOWN = ['spend', 'requests', 'tokens', 'errors', 'latency'] as const satisfies readonly MetricName[];
const WANTED = SHOWN.map((name) => METRICS[name].id);

const change = new Intl.NumberFormat(undefined, {
  style: 'percent',
  maximumFractionDigits: 0,
  signDisplay: 'exceptZero',
});

export function Totals({ period, nowMs }: { period: Period; nowMs: number }) {
  const wanted = { metrics: WANTED, dimensions: [], granularity: null, only: onlyOf(useChosenWorkspace()) };
  const now = useQuery(figuresQuery({ ...wanted, span: spanOf(period, nowMs) }));
  const before = useQuery(figuresQuery({ ...wanted, span: spanOf(period, nowMs, true) }));
  return (
    <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-5">
      {SHOWN.map((name) => (
        <Total key={name} name={name} now={now.data} before={before.data} hasFailed={now.isError} />
      ))}
    </dl>
  );
}

function Total({
  name,
  now,
  before,
  hasFailed,
}: {
  name: MetricName;
  now: Figures | undefined;
  before: Figures | undefined;
  hasFailed: boolean;
}) {
  const { id, label, format } = METRICS[name];
  const value = numberIn(now?.data[0], id);
  const earlier = numberIn(before?.data[0], id);
  return (
    <div className="min-w-0 rounded-xl border border-border bg-surface px-4 py-3 shadow-card">
      <dt className="text-muted">{label}</dt>
      <dd className="mt-1 truncate text-xl font-semibold tabular-nums">
        {now === undefined ? (hasFailed ? '–' : '…') : value === null ? '–' : format(value)}
      </dd>
      <dd className="mt-0.5 text-xs text-muted">
        {before === undefined ? '\u00a0' : comparison(value, earlier, format)}
      </dd>
    </div>
  );
}

function comparison(value: number | null, earlier: number | null, format: (value: number) => string): string {
  if (value === null || earlier === null || (value === 0 && earlier === 0)) return 'None before';
  if (earlier === 0) return 'None before';
  return `${change.format(value / earlier - 1)} from ${format(earlier)}`;
}
