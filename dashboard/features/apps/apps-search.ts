/** What the apps' figures show: all of it is in the page's address. */
import { type Period, periodOf } from '../../shared/analytics/periods.ts';

export const SHOWN_METRICS = ['spend', 'requests', 'tokens'] as const;
export type ShownMetric = (typeof SHOWN_METRICS)[number];

export interface AppsSearch {
  readonly metric: ShownMetric;
  readonly period: Period;
  /** Null: all of them. */
  readonly app: string | null;
}

export function appsSearchOf(search: Readonly<Record<string, unknown>>): AppsSearch {
  const app = search['app'];
  return {
    metric: SHOWN_METRICS.find((known) => known === search['metric']) ?? 'spend',
    period: periodOf(search['period']),
    app: typeof app === 'string' && app !== '' ? app : null,
  };
}
