/** The gateway's providers, and what their keys look like. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Provider } from '../own-key.ts';

export const byokProvidersQuery = queryOptions({
  queryKey: ['byok-providers'],
  queryFn: ({ signal }) => requestData<Provider[]>('GET', '/api/dashboard/byok-providers', { signal }),
});
