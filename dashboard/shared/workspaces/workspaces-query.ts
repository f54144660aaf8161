/** The workspaces that whoever looks works in: of admins, all of the organisation. */
import { queryOptions } from '@tanstack/react-query';
import type { PageWorkspace } from '../../../src/workspaces/answers.ts';
import { requestData } from '../api/request.ts';

export const workspacesQuery = queryOptions({
  queryKey: ['workspaces'],
  queryFn: ({ signal }) =>
    requestData<readonly PageWorkspace[]>('GET', '/api/dashboard/workspaces', { signal }),
  staleTime: 60_000,
});
