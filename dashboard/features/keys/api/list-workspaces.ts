/** Where a new key may belong. */
import { queryOptions } from '@tanstack/react-query';
import type { PageWorkspace } from '../../../../src/workspaces/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const keyWorkspacesQuery = queryOptions({
  queryKey: ['keys', 'workspaces'],
  queryFn: ({ signal }) =>
    requestData<readonly PageWorkspace[]>('GET', '/api/dashboard/workspaces', { signal }),
});
