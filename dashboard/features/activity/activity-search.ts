/** What the activity shows: all of it is in the page's address. */
import {
  type DimensionName,
  dimensionOf,
  type MetricName,
  metricOf,
} from '../../shared/analytics/metrics.ts';
import { type Period, periodOf } from '../../shared/analytics/periods.ts';

export interface ActivitySearch {
  readonly metric: MetricName;
  readonly by: DimensionName | null;
  readonly period: Period;
  readonly isCumulative: boolean;
}

export function activitySearchOf(search: Readonly<Record<string, unknown>>): ActivitySearch {
  return {
    metric: metricOf(search['metric']),
    by: search['by'] === 'none' ? null : (dimensionOf(search['by']) ?? 'model'),
    period: periodOf(search['period']),
    isCumulative: search['cumulative'] === '1',
  };
}
