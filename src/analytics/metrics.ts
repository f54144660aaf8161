/** What can be asked of the figures: each metric by the sums that it needs, each dimension, and how times are cut. No I/O. */
import { DURATION_COLUMNS, LATENCY_COLUMNS, percentileMs } from '../metering/histogram.ts';
import { usdFromNanoUsd } from '../money.ts';
import { TAG_NAME } from '../tag-name.ts';
import type { FiguresMeta } from './answers.ts';
import { type DimensionName, isTag, type SumName, type Sums } from './store.ts';

export interface Metric {
  readonly label: string;
  readonly format: 'number' | 'currency' | 'percent' | 'latency' | 'throughput';
  /** Whether it is an average or a share, which cannot be added up. */
  readonly isRate: boolean;
  readonly needs: readonly SumName[];
  /** Null: there is nothing that it could be said of. */
  readonly of: (sums: Sums) => number | null;
}

const count = (label: string, name: SumName): Metric => ({
  ...{ label, format: 'number', isRate: false, needs: [name] },
  of: (sums) => Number(sums[name]),
});

/** Components of cost that are not there are null, as OpenRouter has them. */
const money = (label: string, name: SumName, isComponent: boolean): Metric => ({
  ...{ label, format: 'currency', isRate: false, needs: [name] },
  of: (sums) => (isComponent && BigInt(sums[name]) === 0n ? null : usdFromNanoUsd(BigInt(sums[name]))),
});

const share = (label: string, part: SumName, whole: SumName): Metric => ({
  ...{ label, format: 'percent', isRate: true, needs: [part, whole] },
  of: (sums) => (Number(sums[whole]) === 0 ? null : Number(sums[part]) / Number(sums[whole])),
});

const mean = (label: string, sum: SumName, of: SumName): Metric => ({
  ...share(label, sum, of),
  format: 'latency',
});

const percentile = (label: string, columns: readonly SumName[], rank: number): Metric => ({
  ...{ label, format: 'latency', isRate: true, needs: columns },
  of: (sums) => {
    const ms = percentileMs(
      columns.map((column) => Number(sums[column])),
      rank,
    );
    return ms === null ? null : Math.round(ms);
  },
});

/** What this gateway never bills, in the words of clients that ask for it. */
const NEVER_BILLED: Omit<Metric, 'label'> = {
  ...{ format: 'currency', isRate: false, needs: [] },
  of: () => null,
};

export const METRICS: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ['request_count', count('Requests', 'requests')],
  ['total_usage', money('Spend', 'cost_nano_usd', false)],
  ['usage_upstream', money('Spend at own providers', 'byok_nano_usd', true)],
  ['usage_cache', money('Saved by caches', 'cache_discount_nano_usd', true)],
  ['usage_data', { label: 'Data discount', ...NEVER_BILLED }],
  ['usage_web', { label: 'Web search', ...NEVER_BILLED }],
  ['usage_file', { label: 'File parsing', ...NEVER_BILLED }],
  [
    'tokens_total',
    {
      ...{ label: 'Tokens', format: 'number', isRate: false, needs: ['prompt_tokens', 'completion_tokens'] },
      of: (sums) => Number(sums.prompt_tokens) + Number(sums.completion_tokens),
    },
  ],
  ['tokens_prompt', count('Prompt tokens', 'prompt_tokens')],
  ['tokens_completion', count('Completion tokens', 'completion_tokens')],
  ['reasoning_tokens', count('Reasoning tokens', 'reasoning_tokens')],
  ['cached_tokens', count('Cached tokens', 'cached_tokens')],
  ['cache_write_tokens', count('Cache write tokens', 'cache_write_tokens')],
  ['cache_hit_rate', share('Cache hit rate', 'cached_tokens', 'prompt_tokens')],
  ['error_count', count('Failed requests', 'failed_requests')],
  ['error_rate', share('Error rate', 'failed_requests', 'requests')],
  ['cancelled_count', count('Cancelled requests', 'cancelled_requests')],
  ['latency_avg', mean('Time to first byte, mean', 'latency_sum_ms', 'latency_count')],
  ['latency_p50', percentile('Time to first byte, median', LATENCY_COLUMNS, 0.5)],
  ['latency_p95', percentile('Time to first byte, 95th percentile', LATENCY_COLUMNS, 0.95)],
  ['latency_p99', percentile('Time to first byte, 99th percentile', LATENCY_COLUMNS, 0.99)],
  ['generation_time_avg', mean('Generation time, mean', 'duration_sum_ms', 'duration_count')],
  ['generation_time_p50', percentile('Generation time, median', DURATION_COLUMNS, 0.5)],
  ['generation_time_p95', percentile('Generation time, 95th percentile', DURATION_COLUMNS, 0.95)],
  [
    'throughput',
    {
      ...{ label: 'Tokens per second', format: 'throughput', isRate: true },
      needs: ['completion_tokens', 'duration_sum_ms'],
      of: (sums) =>
        Number(sums.duration_sum_ms) === 0
          ? null
          : (Number(sums.completion_tokens) * 1000) / Number(sums.duration_sum_ms),
    },
  ],
]);

export interface Dimension {
  readonly label: string;
  /** Whether requests may have none. */
  readonly isOptional: boolean;
}

export const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map<DimensionName, Dimension>([
  ['model', { label: 'Model', isOptional: false }],
  ['provider', { label: 'Provider', isOptional: true }],
  ['endpoint', { label: 'Endpoint', isOptional: true }],
  ['api_key_id', { label: 'API key', isOptional: false }],
  ['user', { label: 'Member', isOptional: true }],
  ['workspace', { label: 'Workspace', isOptional: true }],
  ['app', { label: 'App', isOptional: true }],
  ['external_user', { label: 'External user', isOptional: true }],
  ['door', { label: 'API', isOptional: true }],
  ['api_type', { label: 'Kind of request', isOptional: false }],
  ['origin', { label: 'Origin', isOptional: true }],
  ['outcome', { label: 'Outcome', isOptional: false }],
]);

export const GRANULARITIES = ['minute', 'hour', 'day', 'week', 'month'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const OPERATORS = ['eq', 'neq', 'in', 'not_in'] as const;
export type Operator = (typeof OPERATORS)[number];

export function isDimension(name: string): name is DimensionName {
  return DIMENSIONS.has(name) || (isTag(name) && TAG_NAME.test(name.slice('tag.'.length)));
}

/** The answer of `GET /analytics/meta`. `tagNames`: of tags that there are figures of. */
export function metaJson(tagNames: readonly string[]): FiguresMeta {
  const tags = tagNames.map((name) => ({ name: `tag.${name}`, display_label: `Tag ${name}` }));

  return {
    metrics: [...METRICS].map(([name, { label, format, isRate }]) => ({
      ...{ name, display_label: label, display_format: format, is_rate: isRate },
    })),
    dimensions: [...[...DIMENSIONS].map(([name, { label }]) => ({ name, display_label: label })), ...tags],
    operators: OPERATORS.map((name) => ({ name, value_type: name.endsWith('in') ? 'array' : 'scalar' })),
    granularities: GRANULARITIES.map((name) => ({
      ...{ name, display_label: `${name.charAt(0).toUpperCase()}${name.slice(1)}` },
    })),
  };
}
