/** What is summed up beyond the hour: by which spans of time, and how many series in one row. No I/O. */
import type { UsageSeriesTable } from '../storage/figure-tables.ts';
import { dayOf, monthOf, weekOf } from './days.ts';
import { idOf } from './usage-hours.ts';

export type LongerTable =
  | 'usage_day'
  | 'usage_month'
  | 'usage_account_hour'
  | 'usage_account_day'
  | 'usage_key_day'
  | 'usage_key_week';

/** The column of `usage_coarse_series` that says which series stands for a series. */
export type Coarseness = 'of_account' | 'of_key';

export interface LongerSums {
  readonly table: LongerTable;
  /** When the span begins that an hour is in. */
  readonly startOf: (hourMs: number) => number;
  /** Null: each series for itself. */
  readonly coarseness: Coarseness | null;
}

/** All that an hour is added to once it is over. */
export const LONGER_SUMS: readonly LongerSums[] = [
  { table: 'usage_day', startOf: dayOf, coarseness: null },
  { table: 'usage_month', startOf: monthOf, coarseness: null },
  { table: 'usage_account_hour', startOf: (hourMs) => hourMs, coarseness: 'of_account' },
  { table: 'usage_account_day', startOf: dayOf, coarseness: 'of_account' },
  { table: 'usage_key_day', startOf: dayOf, coarseness: 'of_key' },
  { table: 'usage_key_week', startOf: weekOf, coarseness: 'of_key' },
];

/** What is one in these sums has the same in these columns. */
const COLUMNS = {
  of_account: [
    ...(['workspace_id', 'api_type', 'door', 'model', 'model_permaslug'] as const),
    ...(['provider_slug', 'provider_name', 'endpoint_tag', 'is_byok'] as const),
  ],
  of_key: ['workspace_id', 'key_hash'],
} as const;

/** The series that stands for a series and all that are one with it: what is not told apart is empty, as in no series of a request. */
export function coarseSeriesOf(series: UsageSeriesTable, coarseness: Coarseness): UsageSeriesTable {
  const columns: Omit<UsageSeriesTable, 'id'> = {
    account_id: series.account_id,
    workspace_id: null,
    key_hash: '',
    external_user: null,
    api_type: '',
    door: null,
    model: '',
    model_permaslug: '',
    provider_slug: null,
    provider_name: null,
    endpoint_tag: null,
    app_url: null,
    app_title: null,
    is_byok: 0,
    ...Object.fromEntries(COLUMNS[coarseness].map((column) => [column, series[column]])),
  };
  return { id: idOf(columns, []), ...columns };
}
