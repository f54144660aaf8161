import { queryOptions } from '@tanstack/react-query';
import type { InvitationPreview } from '../../../../src/accounts/answers.ts';
import { ApiError, requestData } from '../../../shared/api/request.ts';

/** Null: the link was used, is too old, or never was one. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: async ({ signal }): Promise<InvitationPreview | null> => {
      try {
        const query = new URLSearchParams({ token });
        return await requestData<InvitationPreview>('GET', `/api/dashboard/invitations/preview?${query}`, {
          signal,
        });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
