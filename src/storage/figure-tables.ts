/** Of the schema, what figures are made of: sums by the hour, and refusals. */

/** All that figures by the hour are told apart by. */
export interface UsageSeriesTable {
  /** Made of the rest. */
  id: string;
  account_id: string;
  workspace_id: string | null;
  key_hash: string;
  external_user: string | null;
  api_type: string;
  door: string | null;
  model: string;
  model_permaslug: string;
  provider_slug: string | null;
  provider_name: string | null;
  endpoint_tag: string | null;
  app_url: string | null;
  app_title: string | null;
  is_byok: 0 | 1;
}

/** One of a series' tags. A request of it has them all. */
export interface UsageTagTable {
  series_id: string;
  name: string;
  value: string;
  account_id: string;
}

export type Outcome = 'complete' | 'cancelled' | 'failed';

type Bucket =
  | `${'0' | '1'}${'0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'}`
  | `2${'0' | '1' | '2' | '3'}`;
/** How many requests fell into each bucket of `metering/histogram.ts`. */
export type HistogramColumn = `${'latency' | 'duration'}_b${Bucket}`;

export interface UsageHourSums extends Record<HistogramColumn, number> {
  requests: number;
  prompt_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
  cost_nano_usd: bigint;
  byok_nano_usd: bigint;
  cache_discount_nano_usd: bigint;
  latency_count: number;
  latency_sum_ms: number;
  duration_count: number;
  duration_sum_ms: number;
}

/** What the requests of a series that began in one hour and ended alike add up to. */
export interface UsageHourTable extends UsageHourSums {
  account_id: string;
  hour_ms: number;
  series_id: string;
  outcome: Outcome;
}

/** The same of an hour, a day, a week from Monday on or a month, in UTC. */
export interface UsageSpanTable extends UsageHourSums {
  account_id: string;
  start_ms: number;
  series_id: string;
  outcome: Outcome;
}

/**
 * How far an account's hours are in the sums of longer spans and of many keys: all rows of `usage_hour` before `hour_ms`, and of that hour
 * those whose series is no greater than `series_id`, as the database orders them; '' is before them all.
 */
export interface UsageClosedTable {
  account_id: string;
  hour_ms: number;
  series_id: string;
}

/** Which series stand for a series in the sums of many keys: of a whole account, and of one key (`metering/coarse.ts`). */
export interface UsageCoarseSeriesTable {
  series_id: string;
  of_account: string;
  of_key: string;
}

/** Requests of one key that were refused for one reason in one hour. What is told of one is of the last. */
export interface RefusalHourTable {
  account_id: string;
  hour_ms: number;
  key_hash: string;
  reason: string;
  requests: number;
  first_at_ms: number;
  last_at_ms: number;
  workspace_id: string | null;
  status: number;
  message: string;
  path: string;
  request_id: string;
}

export interface FigureTables {
  usage_series: UsageSeriesTable;
  usage_hour: UsageHourTable;
  usage_tag: UsageTagTable;
  usage_day: UsageSpanTable;
  usage_month: UsageSpanTable;
  usage_coarse_series: UsageCoarseSeriesTable;
  /** Of its series' columns, these rows and those of the next tell apart what `metering/coarse.ts` names. */
  usage_account_hour: UsageSpanTable;
  usage_account_day: UsageSpanTable;
  usage_key_day: UsageSpanTable;
  usage_key_week: UsageSpanTable;
  usage_closed: UsageClosedTable;
  refusal_hour: RefusalHourTable;
}
