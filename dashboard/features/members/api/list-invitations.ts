import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Role } from '../../../shared/session/session-query.ts';

export interface Invitation {
  readonly id: string;
  /** Null: whoever has the link. */
  readonly email: string | null;
  readonly role: Role;
  readonly created_at: string;
  readonly expires_at: string;
}

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: ({ signal }) =>
    requestData<readonly Invitation[]>('GET', '/api/dashboard/invitations', { signal }),
});
