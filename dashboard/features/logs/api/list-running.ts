/** What was sent to a provider and has not ended, as the node that answers knows it. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface RunningRequest {
  readonly id: string;
  readonly created_at: string;
  readonly model: string;
  readonly provider_name: string | null;
  readonly streamed: boolean;
  readonly app_title: string | null;
  readonly api_key_hash: string;
  readonly api_key_name: string | null;
  readonly api_key_label: string | null;
}

export const runningQuery = (keyHash: string | null, isLive: boolean) =>
  queryOptions({
    queryKey: ['running', keyHash],
    queryFn: ({ signal }) =>
      requestData<readonly RunningRequest[]>(
        'GET',
        `/api/dashboard/running${keyHash === null ? '' : `?api_key_hash=${encodeURIComponent(keyHash)}`}`,
        { signal },
      ),
    refetchInterval: isLive ? 2000 : 10_000,
    retry: false,
  });
