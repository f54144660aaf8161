/** The gateway's providers, what their keys look like, and what is taken for their use. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';
import type { Fee, Provider } from '../own-key.ts';

export interface ByokProviders {
  readonly data: readonly Provider[];
  /** Null: none is taken. */
  readonly fee: Fee | null;
}

export const byokProvidersQuery = queryOptions({
  queryKey: ['byok-providers'],
  queryFn: ({ signal }) => request<ByokProviders>('GET', '/api/dashboard/byok-providers', { signal }),
});
