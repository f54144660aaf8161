import { queryOptions } from '@tanstack/react-query';
import type { EmailChange } from '../../../../src/accounts/answers.ts';
import { ApiError, requestData } from '../../../shared/api/request.ts';

/** The new address; null: the link was used, is too old, or is for somebody else. */
export const emailChangeQuery = (token: string) =>
  queryOptions({
    queryKey: ['email-change', token],
    queryFn: async ({ signal }): Promise<string | null> => {
      try {
        const path = `/api/dashboard/email-change?${new URLSearchParams({ token })}`;
        return (await requestData<EmailChange>('GET', path, { signal })).email;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
