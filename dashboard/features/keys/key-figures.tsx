/** What one key spent in the last 30 days, day by day, and on which models. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { DIMENSIONS, METRICS } from '../../shared/analytics/metrics.ts';
import { pointNameOf, spanOf } from '../../shared/analytics/periods.ts';
import { drawn, groupsOf } from '../../shared/analytics/points.ts';
import { figuresQuery } from '../../shared/analytics/query.ts';
import { CompleteUntil } from '../../shared/analytics/until.tsx';
import { StackedBars } from '../../shared/charts/stacked-bars.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatUsd } from '../../shared/format/money.ts';

const PERIOD = '30d';
const MAX_MODELS = 10;

export function KeyFigures({ apiKey: { hash, limit, limit_reset: reset } }: { apiKey: PageKey }) {
  const [nowMs] = useState(() => Date.now());
  const metric = METRICS.spend;
  const dimension = DIMENSIONS.model;
  const figures = useQuery(
    figuresQuery({
      ...{ metrics: [metric.id], dimensions: [dimension.id], granularity: 'day' },
      span: spanOf(PERIOD, nowMs),
      only: { [DIMENSIONS.key.id]: [hash] },
    }),
  );
  const rows = figures.data?.data ?? [];
  const groups = groupsOf(rows, metric, dimension);
  const whole = groups.reduce((sum, { value }) => sum + value, 0);
  return (
    <Card
      title="Last 30 days"
      actions={<TextLink to={`/logs?api_key_hash=${hash}&period=30d`}>Its requests</TextLink>}
    >
      {figures.isPending && <Loading label="Adding up" />}
      {figures.isError && (
        <LoadError
          title="The figures could not be loaded"
          error={figures.error}
          onRetry={() => void figures.refetch()}
        />
      )}
      {figures.isSuccess && rows.length === 0 && <EmptyState title="Not used in this time" />}
      {figures.isSuccess && rows.length > 0 && (
        <div className="grid grid-cols-1 gap-4">
          <StackedBars
            title="Spend by model, last 30 days"
            pointName={pointNameOf('day')}
            {...drawn(rows, { metric, dimension, period: PERIOD, nowMs, isCumulative: false })}
            format={metric.format}
            formatTick={formatUsd}
            height={180}
            {...(limit !== null && reset === 'daily'
              ? { mark: { value: limit, label: `Limit ${formatUsd(limit)} a day` } }
              : {})}
          />
          <CompleteUntil iso={figures.data.metadata.complete_until} />
          <Table caption="Spend by model">
            <TableHead>
              <Th>Model</Th>
              <Th className="w-1/3 max-sm:hidden">
                <span className="sr-only">Share</span>
              </Th>
              <Th isNumeric>Spend</Th>
            </TableHead>
            <TableBody>
              {groups.slice(0, MAX_MODELS).map(({ id, label, value }) => (
                <tr key={id}>
                  <Td className="wrap-anywhere">
                    <TextLink
                      to={`/logs?${new URLSearchParams({ api_key_hash: hash, model: id, period: PERIOD })}`}
                    >
                      <Untrusted>{label}</Untrusted>
                    </TextLink>
                  </Td>
                  <Td className="max-sm:hidden">
                    <Meter share={whole === 0 ? 0 : value / whole} />
                  </Td>
                  <Td isNumeric>{formatUsd(value)}</Td>
                </tr>
              ))}
            </TableBody>
          </Table>
        </div>
      )}
    </Card>
  );
}
