/** Whom a guardrail is assigned to. `id`: null, of every guardrail, to count them. */
import { queryOptions } from '@tanstack/react-query';
import type { AssignedKey, AssignedMember } from '../../../../src/guardrails/answers.ts';
import { request } from '../../../shared/api/request.ts';

interface Page<T> {
  readonly data: readonly T[];
  readonly total_count: number;
}

const base = (id: string | null) =>
  `/api/dashboard/guardrails${id === null ? '' : `/${encodeURIComponent(id)}`}/assignments`;

export const assignedKeysQuery = (id: string | null) =>
  queryOptions({
    queryKey: ['guardrails', 'keys', id],
    queryFn: ({ signal }) => request<Page<AssignedKey>>('GET', `${base(id)}/keys?limit=100`, { signal }),
  });

export const assignedMembersQuery = (id: string | null) =>
  queryOptions({
    queryKey: ['guardrails', 'members', id],
    queryFn: ({ signal }) =>
      request<Page<AssignedMember>>('GET', `${base(id)}/members?limit=100`, { signal }),
  });

export const assignKey = (id: string, hash: string): Promise<void> =>
  request('POST', `${base(id)}/keys`, { body: { key_hashes: [hash] } });
export const unassignKey = (id: string, hash: string): Promise<void> =>
  request('POST', `${base(id)}/keys/remove`, { body: { key_hashes: [hash] } });
export const assignMember = (id: string, userId: string): Promise<void> =>
  request('POST', `${base(id)}/members`, { body: { member_user_ids: [userId] } });
export const unassignMember = (id: string, userId: string): Promise<void> =>
  request('POST', `${base(id)}/members/remove`, { body: { member_user_ids: [userId] } });
