/** One key. */
import { queryOptions } from '@tanstack/react-query';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const keyQuery = (hash: string) =>
  queryOptions({
    queryKey: ['keys', 'one', hash],
    queryFn: ({ signal }) =>
      requestData<PageKey>('GET', `/api/dashboard/keys/${encodeURIComponent(hash)}`, { signal }),
  });
