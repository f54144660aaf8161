/** The apps that were let in, and cutting one of them off. */
import { queryOptions } from '@tanstack/react-query';
import type { Grant } from '../../../../src/oauth/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const grantsQuery = queryOptions({
  queryKey: ['app-grants'],
  queryFn: ({ signal }) => requestData<readonly Grant[]>('GET', '/api/dashboard/app-grants', { signal }),
});

export const cutOffApp = (id: string): Promise<{ readonly revoked_keys: number }> =>
  requestData('DELETE', `/api/dashboard/app-grants/${encodeURIComponent(id)}`);
