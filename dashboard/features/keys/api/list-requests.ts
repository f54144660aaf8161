/** What was asked with one key last. */
import { queryOptions } from '@tanstack/react-query';
import type { PageGeneration } from '../../../../src/metering/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const lastRequestsQuery = (hash: string) =>
  queryOptions({
    queryKey: ['keys', 'requests', hash],
    queryFn: ({ signal }) =>
      requestData<readonly PageGeneration[]>(
        'GET',
        `/api/dashboard/generations?${new URLSearchParams({ api_key_hash: hash, limit: '10' })}`,
        { signal },
      ),
    refetchInterval: 30_000,
  });
