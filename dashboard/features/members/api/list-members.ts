import { queryOptions } from '@tanstack/react-query';
import type { Member } from '../../../../src/accounts/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: ({ signal }) => requestData<readonly Member[]>('GET', '/api/dashboard/members', { signal }),
});
