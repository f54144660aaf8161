/** What was sent to a provider and has not ended, as the node that answers knows it. */
import { queryOptions } from '@tanstack/react-query';
import type { PageRunning } from '../../../../src/metering/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const runningQuery = (keyHash: string | null, workspaceId: string | null, isLive: boolean) =>
  queryOptions({
    queryKey: ['running', keyHash, workspaceId],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        ...(keyHash === null ? {} : { api_key_hash: keyHash }),
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return requestData<readonly PageRunning[]>('GET', `/api/dashboard/running?${query}`, { signal });
    },
    refetchInterval: isLive ? 2000 : 10_000,
    retry: false,
  });
