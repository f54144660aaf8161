/** Keys with a limit, for those that are near it. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface LimitedKey {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
  readonly disabled: boolean;
  /** USD; null: none. */
  readonly limit: number | null;
  readonly limit_remaining: number | null;
}

export const limitedKeysQuery = queryOptions({
  queryKey: ['keys', 'overview'],
  queryFn: ({ signal }) => requestData<LimitedKey[]>('GET', '/api/dashboard/keys', { signal }),
});
