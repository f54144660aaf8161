/** The operator's providers: how they do on this node, and which of their keys sit out. No key is in it. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export type BenchReason = 'rate' | 'refused' | 'forbidden' | 'hanging' | 'unreachable';

export interface Bench {
  readonly reason: BenchReason;
  readonly until: string;
  readonly decided_by: 'provider' | 'gateway';
}

export interface Credential {
  readonly id: string;
  /** `none`: the provider asks for no key. */
  readonly kind: 'key' | 'identity' | 'none';
  /** At every model; null: it does not sit out. */
  readonly bench: Bench | null;
  readonly models: readonly (Bench & { readonly model: string })[];
  readonly in_flight: number | null;
  readonly max_concurrent: number | null;
  readonly requests_per_minute: number | null;
}

export interface Provider {
  readonly slug: string;
  readonly name: string;
  readonly format: string;
  readonly host: string | null;
  readonly endpoints: number;
  readonly endpoints_down: number;
  readonly requests_last_30m: number;
  /** Per cent. */
  readonly uptime_last_30m: number | null;
  readonly credentials: readonly Credential[];
  readonly queue: {
    readonly running: number;
    readonly waiting: number;
    readonly max_concurrent: number;
    readonly max_waiting: number;
  } | null;
  readonly probe: {
    readonly is_up: boolean;
    readonly says: string;
    readonly at: string;
    readonly model_count: number | null;
    readonly missing_models: readonly string[];
  } | null;
}

const EVERY_MS = 10_000;

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) => requestData<readonly Provider[]>('GET', '/api/dashboard/providers', { signal }),
  refetchInterval: EVERY_MS,
});
