/** What was refused, newest first, page after page. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import type { RefusalPageAnswer } from '../../../../src/metering/answers.ts';
import { request } from '../../../shared/api/request.ts';

export const refusalsQuery = (query: string, isLive: boolean) =>
  infiniteQueryOptions({
    queryKey: ['refusals', 'log', query],
    queryFn: ({ pageParam, signal }) => {
      const all = new URLSearchParams(query);
      if (pageParam !== null) all.set('cursor', pageParam);
      return request<RefusalPageAnswer>('GET', `/api/dashboard/refusals?${all}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: isLive ? 3000 : false,
  });
