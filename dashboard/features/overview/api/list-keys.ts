/** The keys that have spent most of their limit, of however many there are. */
import { queryOptions } from '@tanstack/react-query';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const limitedKeysQuery = queryOptions({
  queryKey: ['keys', 'overview'],
  queryFn: ({ signal }) =>
    requestData<readonly PageKey[]>('GET', '/api/dashboard/keys?order=limit_spent', { signal }),
});
