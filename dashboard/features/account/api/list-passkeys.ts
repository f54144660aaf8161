import { queryOptions } from '@tanstack/react-query';
import type { Passkey } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: ({ signal }) =>
    request<readonly Passkey[]>('GET', '/api/auth/passkey/list-user-passkeys', { signal }),
});
