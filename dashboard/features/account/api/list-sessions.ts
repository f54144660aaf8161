import { queryOptions } from '@tanstack/react-query';
import type { ListedSession } from '../../../../src/accounts/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) =>
    requestData<readonly ListedSession[]>('GET', '/api/dashboard/sessions', { signal }),
});
