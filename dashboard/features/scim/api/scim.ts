import { queryOptions } from '@tanstack/react-query';
import type { ScimOverview } from '../../../../src/scim/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/scim';

export const scimQuery = queryOptions({
  queryKey: ['scim'],
  queryFn: ({ signal }) => requestData<ScimOverview>('GET', PATH, { signal }),
});

export const createMapping = (body: {
  readonly scim_group_id: string;
  readonly workspace_id: string;
  readonly role: string;
}): Promise<unknown> => requestData('POST', `${PATH}/group-mappings`, { body });

export const removeMapping = ({ id, keepMembers }: { id: string; keepMembers: boolean }): Promise<unknown> =>
  requestData('DELETE', `${PATH}/group-mappings/${encodeURIComponent(id)}?keep_members=${keepMembers}`);

export interface WorkspaceName {
  readonly id: string;
  readonly name: string;
}

export const workspaceNamesQuery = queryOptions({
  queryKey: ['workspaces'],
  queryFn: ({ signal }) =>
    requestData<readonly WorkspaceName[]>('GET', '/api/dashboard/workspaces', { signal }),
});
