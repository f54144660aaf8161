/** What was refused lately, and why. */

import { queryOptions } from '@tanstack/react-query';
import type { RefusalPageAnswer } from '../../../../src/metering/answers.ts';
import { request } from '../../../shared/api/request.ts';

export const refusalsQuery = queryOptions({
  queryKey: ['refusals', 'newest'],
  queryFn: async ({ signal }) =>
    (await request<RefusalPageAnswer>('GET', '/api/dashboard/refusals?limit=5', { signal })).data,
  refetchInterval: 60_000,
});
