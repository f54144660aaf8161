/** A model as the public listing has it, with what the pages show of it. */

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly context_length: number | null;
  readonly architecture: {
    readonly input_modalities: readonly string[];
    readonly output_modalities: readonly string[];
  };
  readonly pricing: Readonly<Record<string, string>>;
  readonly top_provider: { readonly max_completion_tokens: number | null };
  readonly supported_parameters: readonly string[];
  /** Of a name that moves with its family. */
  readonly alias_target?: { readonly name: string; readonly slug: string };
}

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
}

/** One provider's offer of a model. */
export interface Endpoint {
  readonly tag: string;
  readonly provider_name: string;
  readonly context_length: number;
  readonly max_completion_tokens: number | null;
  readonly quantization: string | null;
  readonly supported_parameters: readonly string[];
  readonly pricing: Readonly<Record<string, string>>;
  /** Percentages; null: nothing was asked of it. */
  readonly uptime_last_30m: number | null;
  readonly uptime_last_1d: number | null;
  /** Milliseconds, and tokens a second. */
  readonly latency_last_30m: Percentiles | null;
  readonly throughput_last_30m: Percentiles | null;
}

export const authorOf = ({ id }: Model): string => id.replace(/^~/, '').split('/', 1)[0] ?? '';

export const takesTools = ({ supported_parameters: taken }: Model): boolean => taken.includes('tools');

/** USD for a million tokens; the listing tells the price of one. */
export function perMillion(price: string | undefined): number | null {
  return price === undefined ? null : Number(price) * 1e6;
}

const usd = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
});

export function formatPerMillion(price: string | undefined): string {
  const amount = perMillion(price);
  if (amount === null) return '–';
  return amount === 0 ? 'Free' : usd.format(amount);
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

export const formatTokens = (tokens: number | null): string =>
  tokens === null ? '–' : compact.format(tokens);
