import { queryOptions } from '@tanstack/react-query';
import { ApiError, requestData } from '../../../shared/api/request.ts';
import type { Role } from '../../../shared/session/session-query.ts';

export interface Invitation {
  /** Null: whoever has the link. */
  readonly email: string | null;
  readonly role: Role;
  readonly account_name: string;
  readonly is_setup: boolean;
}

/** Null: the link was used, is too old, or never was one. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: async ({ signal }): Promise<Invitation | null> => {
      try {
        const query = new URLSearchParams({ token });
        return await requestData<Invitation>('GET', `/api/dashboard/invitations/preview?${query}`, {
          signal,
        });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
