/** The keys that a policy may lead to: those that no person made for themselves. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { TargetKey } from '../trust.ts';

export const targetKeysQuery = queryOptions({
  queryKey: ['workload-identity', 'target-keys'],
  queryFn: ({ signal }) =>
    requestData<TargetKey[]>('GET', '/api/dashboard/workload-identity/target-keys', { signal }),
});
