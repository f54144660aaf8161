/** What was asked, newest first, page after page. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import type { GenerationPageAnswer } from '../../../../src/metering/answers.ts';
import { request } from '../../../shared/api/request.ts';

export const ROWS_A_PAGE = 100;

export async function readPage(
  query: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<GenerationPageAnswer> {
  const all = new URLSearchParams(query);
  all.set('limit', String(ROWS_A_PAGE));
  if (cursor !== null) all.set('cursor', cursor);
  return await request<GenerationPageAnswer>('GET', `/api/dashboard/generations?${all}`, {
    ...(signal === undefined ? {} : { signal }),
  });
}

export const generationsQuery = (query: string) =>
  infiniteQueryOptions({
    queryKey: ['logs', query],
    queryFn: ({ pageParam, signal }) => readPage(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // All loaded pages are asked for anew: when one says so, not whenever the window is looked at.
    refetchOnWindowFocus: false,
  });
