/** The keys that one may see, newest first, disabled ones among them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { ApiKey } from '../api-key.ts';

/** The gateway's own. */
export const KEYS_A_PAGE = 100;

/** `page` counts from 1. */
export const keysQuery = (page: number) =>
  queryOptions({
    queryKey: ['keys', 'list', page],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        include_disabled: 'true',
        offset: String((page - 1) * KEYS_A_PAGE),
      });
      return requestData<ApiKey[]>('GET', `/api/dashboard/keys?${query}`, { signal });
    },
    placeholderData: keepPreviousData,
  });
