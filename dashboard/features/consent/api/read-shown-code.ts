import { queryOptions } from '@tanstack/react-query';
import type { ShownCode } from '../../../../src/oauth/answers.ts';
import { ApiError, requestData } from '../../../shared/api/request.ts';

/** Null: there is none, or no longer. */
export const shownCodeQuery = queryOptions({
  queryKey: ['shown-code'],
  queryFn: async ({ signal }): Promise<ShownCode | null> => {
    try {
      return await requestData<ShownCode>('GET', '/api/dashboard/consent/code', { signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
});
