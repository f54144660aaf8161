/** What was sent to a provider and has not ended, as the node that answers knows it. */
import { queryOptions } from '@tanstack/react-query';
import type { PageRunning } from '../../../../src/metering/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const runningQuery = (keyHash: string | null, isLive: boolean) =>
  queryOptions({
    queryKey: ['running', keyHash],
    queryFn: ({ signal }) =>
      requestData<readonly PageRunning[]>(
        'GET',
        `/api/dashboard/running${keyHash === null ? '' : `?api_key_hash=${encodeURIComponent(keyHash)}`}`,
        { signal },
      ),
    refetchInterval: isLive ? 2000 : 10_000,
    retry: false,
  });
