/** Which tokens are good, and for which key. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Policy } from '../trust.ts';

export const policiesQuery = queryOptions({
  queryKey: ['workload-identity', 'policies'],
  queryFn: ({ signal }) =>
    requestData<Policy[]>('GET', '/api/dashboard/workload-identity/policies', { signal }),
});
