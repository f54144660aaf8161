/** What all apps did over time, or one of them. */
import { useQuery } from '@tanstack/react-query';
import type { Grant } from '../../../src/oauth/answers.ts';
import { DIMENSIONS, type Dimension, formatCompact, METRICS } from '../../shared/analytics/metrics.ts';
import { granularityOf, periodLabel, pointNameOf, spanOf } from '../../shared/analytics/periods.ts';
import { drawn } from '../../shared/analytics/points.ts';
import { type Figures, figuresQuery } from '../../shared/analytics/query.ts';
import { CompleteUntil } from '../../shared/analytics/until.tsx';
import { StackedBars } from '../../shared/charts/stacked-bars.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatUsd } from '../../shared/format/money.ts';
import { type AppFigures, appFigures, requestsOf, spendOf } from './app-figures.ts';
import type { AppsSearch } from './apps-search.ts';

const ASKED = ['total_usage', 'request_count', 'tokens_total'];
/** Of an app's models, the others are a number. */
const MODELS_SHOWN = 2;

export function AppsFigures({ search, nowMs }: { search: AppsSearch; nowMs: number }) {
  const { period } = search;
  const span = spanOf(period, nowMs);
  const byTime = useQuery(
    figuresQuery({ metrics: ASKED, dimensions: ['app'], granularity: granularityOf(period), span }),
  );
  const byModel = useQuery(
    figuresQuery({ metrics: ASKED, dimensions: ['app', 'model'], granularity: null, span }),
  );
  return (
    <Card title="Use by app">
      {byTime.isPending && <Loading label="Adding up" />}
      {byTime.isError && (
        <LoadError
          title="The figures could not be loaded"
          error={byTime.error}
          onRetry={() => void byTime.refetch()}
        />
      )}
      {byTime.data?.data.length === 0 && (
        <EmptyState title="No app asked for anything in this time">
          <p>
            Programs name themselves by the headers <code>HTTP-Referer</code> and <code>X-Title</code>.
          </p>
        </EmptyState>
      )}
      {byTime.isSuccess && byTime.data.data.length > 0 && (
        <div className="grid grid-cols-1 gap-4">
          <Chart figures={byTime.data} search={search} nowMs={nowMs} dimension={DIMENSIONS.app} />
          <AppsTable
            apps={appFigures(byTime.data.data, byModel.data?.data ?? [], granularityOf(period))}
            search={search}
          />
        </div>
      )}
    </Card>
  );
}

function Chart({
  figures,
  search,
  nowMs,
  dimension,
}: {
  figures: Figures;
  search: AppsSearch;
  nowMs: number;
  dimension: Dimension;
}) {
  const metric = METRICS[search.metric];
  const { period } = search;
  return (
    <>
      <StackedBars
        title={`${metric.label} by ${dimension.label.toLowerCase()}, ${periodLabel(period).toLowerCase()}`}
        pointName={pointNameOf(granularityOf(period))}
        {...drawn(figures.data, { metric, dimension, period, nowMs, isCumulative: false })}
        format={metric.format}
        formatTick={search.metric === 'spend' ? formatUsd : formatCompact}
      />
      <CompleteUntil iso={figures.metadata.complete_until} />
    </>
  );
}

function AppsTable({ apps, search }: { apps: readonly AppFigures[]; search: AppsSearch }) {
  return (
    <Table caption="Apps">
      <TableHead>
        <Th>App</Th>
        <Th className="max-sm:hidden">Models</Th>
        <Th isNumeric>Requests</Th>
        <Th isNumeric>Spend</Th>
        <Th className="max-sm:hidden">Last used</Th>
      </TableHead>
      <TableBody>
        {apps.map((app) => (
          <tr key={app.id ?? ''}>
            <Td className="wrap-anywhere">
              <AppName app={app} search={search} />
            </Td>
            <Td className="max-w-64 font-mono text-xs wrap-anywhere max-sm:hidden">
              {app.models.slice(0, MODELS_SHOWN).map(plainName).join(', ')}
              {app.models.length > MODELS_SHOWN && ` and ${app.models.length - MODELS_SHOWN} more`}
            </Td>
            <Td isNumeric>{formatCount(app.requests)}</Td>
            <Td isNumeric>{formatUsd(app.spend)}</Td>
            <Td className="whitespace-nowrap max-sm:hidden">{app.lastUsed}</Td>
          </tr>
        ))}
      </TableBody>
    </Table>
  );
}

function AppName({ app, search }: { app: AppFigures; search: AppsSearch }) {
  const { id, name } = app;
  if (id === null) return <span className="text-muted">{name}</span>;
  const { metric, period } = search;
  return (
    <>
      <TextLink to={`/apps?${new URLSearchParams({ app: id, metric, period })}`}>
        <Untrusted>{name}</Untrusted>
      </TextLink>
      {name !== id && (
        <div className="text-muted">
          <Untrusted>{URL.parse(id)?.host ?? id}</Untrusted>
        </div>
      )}
    </>
  );
}

/** One that names itself is known by its address; one that was let in, by its keys. */
export function OneApp({
  search,
  nowMs,
  app,
  grant,
  isPending,
}: {
  search: AppsSearch;
  nowMs: number;
  app: string;
  /** Null: none that was let in, or it is not known yet. */
  grant: Grant | null;
  isPending: boolean;
}) {
  const isLetIn = /^(?:client|name|key):/.test(app);
  const hashes = grant?.key_hashes ?? [];
  const { metric, period } = search;
  const figures = useQuery({
    ...figuresQuery({
      ...{ metrics: ASKED, dimensions: ['model'], granularity: granularityOf(period) },
      span: spanOf(period, nowMs),
      only: isLetIn ? { api_key_id: hashes } : { app: [app] },
    }),
    enabled: !isLetIn || hashes.length > 0,
  });
  const name = plainName(grant?.name ?? (isLetIn ? 'This app' : app));
  const rows = figures.data?.data ?? [];
  return (
    <Card
      title={name}
      description={<TextLink to={`/apps?${new URLSearchParams({ metric, period })}`}>Show all apps</TextLink>}
    >
      {(figures.isLoading || (isLetIn && isPending)) && <Loading label="Adding up" />}
      {figures.isError && (
        <LoadError
          title="The figures could not be loaded"
          error={figures.error}
          onRetry={() => void figures.refetch()}
        />
      )}
      {((isLetIn && !isPending && hashes.length === 0) || (figures.isSuccess && rows.length === 0)) && (
        <EmptyState title="It asked for nothing in this time" />
      )}
      {figures.isSuccess && rows.length > 0 && (
        <div className="grid grid-cols-1 gap-4">
          <p className="tabular-nums">
            {formatUsd(spendOf(rows))} for {formatCount(requestsOf(rows))}{' '}
            {requestsOf(rows) === 1 ? 'request' : 'requests'}
          </p>
          <Chart figures={figures.data} search={search} nowMs={nowMs} dimension={DIMENSIONS.model} />
        </div>
      )}
    </Card>
  );
}
