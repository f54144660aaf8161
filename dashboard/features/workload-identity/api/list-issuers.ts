/** Whose tokens the organisation trusts. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Issuer } from '../trust.ts';

export const issuersQuery = queryOptions({
  queryKey: ['workload-identity', 'issuers'],
  queryFn: ({ signal }) =>
    requestData<Issuer[]>('GET', '/api/dashboard/workload-identity/issuers', { signal }),
});
