import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Role } from '../../../shared/session/session-query.ts';

export interface Member {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly two_factor_enabled: boolean;
  readonly joined_at: string;
  readonly is_you: boolean;
}

export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: ({ signal }) => requestData<readonly Member[]>('GET', '/api/dashboard/members', { signal }),
});
