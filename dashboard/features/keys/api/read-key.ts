/** One key. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { ApiKey } from '../api-key.ts';

export const keyQuery = (hash: string) =>
  queryOptions({
    queryKey: ['keys', 'one', hash],
    queryFn: ({ signal }) =>
      requestData<ApiKey>('GET', `/api/dashboard/keys/${encodeURIComponent(hash)}`, { signal }),
  });
