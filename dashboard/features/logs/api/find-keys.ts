/** The keys that a log may be narrowed to: those that are called so, however many there are. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const foundKeysQuery = (text: string) =>
  queryOptions({
    queryKey: ['logs-keys', text],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        include_disabled: 'true',
        ...(text === '' ? {} : { search: text }),
      });
      return requestData<readonly PageKey[]>('GET', `/api/dashboard/keys?${query}`, { signal });
    },
    placeholderData: keepPreviousData,
  });
