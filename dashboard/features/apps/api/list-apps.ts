/** The organisation's apps, newest first. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { App } from '../app.ts';

export const appsQuery = queryOptions({
  queryKey: ['apps'],
  queryFn: ({ signal }) => requestData<App[]>('GET', '/api/dashboard/apps', { signal }),
});
