/** What was asked, newest first, page after page. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';
import type { Generation } from '../generation.ts';

interface GenerationPage {
  readonly data: readonly Generation[];
  /** Null: these were the last. */
  readonly next_cursor: string | null;
}

/** `keyHash` null: of every key that one may see. */
export const generationsQuery = (keyHash: string | null) =>
  infiniteQueryOptions({
    queryKey: ['logs', keyHash],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams();
      if (keyHash !== null) query.set('api_key_hash', keyHash);
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<GenerationPage>('GET', `/api/dashboard/generations?${query}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // All loaded pages are asked for anew: when one says so, not whenever the window is looked at.
    refetchOnWindowFocus: false,
  });
