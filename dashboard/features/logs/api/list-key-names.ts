/** The keys that the log may be narrowed to: the newest ones that one may see. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface KeyName {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
}

export const keyNamesQuery = queryOptions({
  queryKey: ['logs-keys'],
  queryFn: ({ signal }) =>
    requestData<KeyName[]>('GET', '/api/dashboard/keys?include_disabled=true', { signal }),
});
