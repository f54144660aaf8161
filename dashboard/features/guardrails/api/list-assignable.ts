/** Whom a guardrail can be assigned to: the first hundred keys by name, and all members. */
import { queryOptions } from '@tanstack/react-query';
import type { Member } from '../../../../src/accounts/answers.ts';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const assignableKeysQuery = queryOptions({
  queryKey: ['guardrails', 'assignable', 'keys'],
  queryFn: ({ signal }) =>
    requestData<readonly PageKey[]>('GET', '/api/dashboard/keys?include_disabled=true&order=name', {
      signal,
    }),
});

export const assignableMembersQuery = queryOptions({
  queryKey: ['guardrails', 'assignable', 'members'],
  queryFn: ({ signal }) => requestData<readonly Member[]>('GET', '/api/dashboard/members', { signal }),
});
