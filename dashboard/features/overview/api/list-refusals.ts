/** What was refused lately, and why. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';

export interface Refusal {
  readonly reason: string;
  /** How many requests of one key in one hour. */
  readonly requests: number;
  readonly last_at: string;
  readonly status: number;
  readonly message: string;
  readonly last_request_id: string;
  readonly api_key_hash: string;
  readonly api_key_name: string | null;
  readonly api_key_label: string | null;
}

export const refusalsQuery = queryOptions({
  queryKey: ['refusals', 'newest'],
  queryFn: async ({ signal }) =>
    (await request<{ data: readonly Refusal[] }>('GET', '/api/dashboard/refusals?limit=5', { signal })).data,
  refetchInterval: 60_000,
});
