import { queryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';

export interface Passkey {
  readonly id: string;
  readonly name: string | null;
  readonly createdAt: string | null;
}

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: ({ signal }) =>
    request<readonly Passkey[]>('GET', '/api/auth/passkey/list-user-passkeys', { signal }),
});
