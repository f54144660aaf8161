import { queryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';

/** An account at a provider. */
export interface SignInMethod {
  readonly id: string;
  readonly providerId: string;
  readonly createdAt: string | null;
  /** Nothing else would let its owner in. */
  readonly isLast: boolean;
}

export const signInMethodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: ({ signal }) => request<readonly SignInMethod[]>('GET', '/api/auth/list-accounts', { signal }),
});
