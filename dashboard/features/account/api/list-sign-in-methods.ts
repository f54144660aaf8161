import { queryOptions } from '@tanstack/react-query';
import type { SignInMethod } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';

export const signInMethodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: ({ signal }) => request<readonly SignInMethod[]>('GET', '/api/auth/list-accounts', { signal }),
});
