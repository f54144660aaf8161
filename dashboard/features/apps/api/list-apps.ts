/** The organisation's apps, newest first. */
import { queryOptions } from '@tanstack/react-query';
import type { App } from '../../../../src/oauth/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const appsQuery = queryOptions({
  queryKey: ['apps'],
  queryFn: ({ signal }) => requestData<App[]>('GET', '/api/dashboard/apps', { signal }),
});
