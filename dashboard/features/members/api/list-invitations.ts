import { queryOptions } from '@tanstack/react-query';
import type { Invitation } from '../../../../src/accounts/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: ({ signal }) =>
    requestData<readonly Invitation[]>('GET', '/api/dashboard/invitations', { signal }),
});
