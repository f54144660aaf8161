/** What the sums of many keys tell apart, by their table. No I/O. */
import type { UsageSeriesTable } from '../storage/figure-tables.ts';

export type CoarseTable = 'usage_account_hour' | 'usage_account_day' | 'usage_key_day';

const OF_ACCOUNT = [
  ...(['workspace_id', 'api_type', 'door', 'model', 'model_permaslug'] as const),
  ...(['provider_slug', 'provider_name', 'endpoint_tag', 'is_byok'] as const),
] as const;

/** Beside the span of time and the outcome. A row's series has the right values in these columns, and any in the others. */
export const COARSE_COLUMNS: Readonly<Record<CoarseTable, readonly (keyof UsageSeriesTable)[]>> = {
  usage_account_hour: OF_ACCOUNT,
  usage_account_day: OF_ACCOUNT,
  usage_key_day: ['workspace_id', 'key_hash'],
};
