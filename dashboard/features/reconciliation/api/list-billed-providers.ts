/** Whose bills there may be: the providers that are on. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface BilledProvider {
  readonly slug: string;
  readonly name: string;
}

export const billedProvidersQuery = queryOptions({
  queryKey: ['billed-providers'],
  queryFn: ({ signal }) =>
    requestData<readonly BilledProvider[]>('GET', '/api/dashboard/providers', { signal }),
});
