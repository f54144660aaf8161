/** The keys for providers that the organisation brought, in the order in which they are tried; the first hundred. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';
import type { OwnKey } from '../own-key.ts';

export const SHOWN_AT_MOST = 100;

export interface OwnKeyList {
  readonly data: readonly OwnKey[];
  readonly total_count: number;
}

export const ownKeysQuery = queryOptions({
  queryKey: ['byok'],
  queryFn: ({ signal }) =>
    request<OwnKeyList>('GET', `/api/dashboard/byok?limit=${SHOWN_AT_MOST}`, { signal }),
});
