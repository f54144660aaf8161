import { queryOptions } from '@tanstack/react-query';
import type { PageWorkspace, PageWorkspaceMember } from '../../../../src/workspaces/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/workspaces';
const pathOf = (slug: string) => `${PATH}/${encodeURIComponent(slug)}`;

export const workspaceQuery = (slug: string) =>
  queryOptions({
    queryKey: ['workspaces', slug],
    queryFn: ({ signal }) => requestData<PageWorkspace>('GET', pathOf(slug), { signal }),
  });

export const workspaceMembersQuery = (slug: string) =>
  queryOptions({
    queryKey: ['workspaces', slug, 'members'],
    queryFn: ({ signal }) =>
      requestData<readonly PageWorkspaceMember[]>('GET', `${pathOf(slug)}/members?limit=100`, { signal }),
  });

export interface WorkspaceWish {
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
}

export const createWorkspace = (body: WorkspaceWish): Promise<PageWorkspace> =>
  requestData('POST', PATH, { body });

export const changeWorkspace = (slug: string, body: WorkspaceWish): Promise<PageWorkspace> =>
  requestData('PATCH', pathOf(slug), { body });

export const deleteWorkspace = (slug: string): Promise<unknown> => requestData('DELETE', pathOf(slug));

export const addMember = (slug: string, userId: string): Promise<unknown> =>
  requestData('POST', `${pathOf(slug)}/members/add`, { body: { user_ids: [userId] } });

export const removeMember = (slug: string, userId: string): Promise<unknown> =>
  requestData('POST', `${pathOf(slug)}/members/remove`, { body: { user_ids: [userId] } });

export const changeMemberRole = (slug: string, userId: string, role: string): Promise<unknown> =>
  requestData('PATCH', `${pathOf(slug)}/members/${encodeURIComponent(userId)}`, { body: { role } });

export interface Person {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
}

/** Everybody in the organisation, to choose from. */
export const peopleQuery = queryOptions({
  queryKey: ['members'],
  queryFn: ({ signal }) => requestData<readonly Person[]>('GET', '/api/dashboard/members', { signal }),
});
