/** The figures that can be drawn, how they are written, and what they can be taken apart by. */
import { formatCount, formatDuration } from '../format/count.ts';
import { formatUsd } from '../format/money.ts';

export interface Metric {
  readonly id: string;
  readonly label: string;
  readonly format: (value: number) => string;
  /** Of many it is the sum; of others there is none. */
  readonly isSum: boolean;
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const rate = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export const formatCompact = (value: number): string => compact.format(value);

export const METRICS = {
  spend: { id: 'total_usage', label: 'Spend', format: formatUsd, isSum: true },
  requests: { id: 'request_count', label: 'Requests', format: formatCount, isSum: true },
  tokens: { id: 'tokens_total', label: 'Tokens', format: formatCount, isSum: true },
  errors: { id: 'error_count', label: 'Errors', format: formatCount, isSum: true },
  cache: {
    id: 'cache_hit_rate',
    label: 'Cached share of prompts',
    format: (share) => percent.format(share),
    isSum: false,
  },
  latency: {
    id: 'latency_p50',
    label: 'First token (median)',
    format: (ms) => formatDuration(Math.round(ms)),
    isSum: false,
  },
  speed: { id: 'throughput', label: 'Tokens a second', format: (value) => rate.format(value), isSum: false },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

export const metricOf = (text: unknown): MetricName =>
  typeof text === 'string' && Object.hasOwn(METRICS, text) ? (text as MetricName) : 'spend';

export interface Dimension {
  readonly id: string;
  readonly label: string;
  /** Where a row has its unique name. */
  readonly idMember: string;
}

export const DIMENSIONS = {
  model: { id: 'model', label: 'Model', idMember: 'model' },
  key: { id: 'api_key_id', label: 'Key', idMember: 'api_key_hash' },
  member: { id: 'user', label: 'Member', idMember: 'user_id' },
  provider: { id: 'provider', label: 'Provider', idMember: 'provider' },
  app: { id: 'app', label: 'App', idMember: 'app_id' },
  api: { id: 'door', label: 'API', idMember: 'door' },
} as const satisfies Readonly<Record<string, Dimension>>;

/** One of those, or a tag that callers give their requests. */
export type DimensionName = keyof typeof DIMENSIONS | `tag.${string}`;

const TAG = /^tag\.[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,63}$/;

export const isTag = (name: string): name is `tag.${string}` => TAG.test(name);

export const dimensionOf = (text: unknown): DimensionName | null =>
  typeof text === 'string' && (Object.hasOwn(DIMENSIONS, text) || isTag(text))
    ? (text as DimensionName)
    : null;

export const dimensionNamed = (name: DimensionName): Dimension =>
  Object.hasOwn(DIMENSIONS, name)
    ? DIMENSIONS[name as keyof typeof DIMENSIONS]
    : { id: name, label: `Tag ${name.slice('tag.'.length)}`, idMember: name };
