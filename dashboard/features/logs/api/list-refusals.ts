/** What was refused, newest first, page after page. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';
import type { RefusalPage } from '../../../shared/requests/refusals.ts';

export const refusalsQuery = (query: string, isLive: boolean) =>
  infiniteQueryOptions({
    queryKey: ['refusals', 'log', query],
    queryFn: ({ pageParam, signal }) => {
      const all = new URLSearchParams(query);
      if (pageParam !== null) all.set('cursor', pageParam);
      return request<RefusalPage>('GET', `/api/dashboard/refusals?${all}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: isLive ? 3000 : false,
  });
