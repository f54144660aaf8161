/** The keys that a log may be narrowed to: those that are called so, however many there are. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface FoundKey {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
}

export const foundKeysQuery = (text: string) =>
  queryOptions({
    queryKey: ['logs-keys', text],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        include_disabled: 'true',
        ...(text === '' ? {} : { search: text }),
      });
      return requestData<readonly FoundKey[]>('GET', `/api/dashboard/keys?${query}`, { signal });
    },
    placeholderData: keepPreviousData,
  });
