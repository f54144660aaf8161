/** The keys for providers that the organisation brought, in the order in which they are tried; the first hundred. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';
import type { OwnKey } from '../own-key.ts';

export const SHOWN_AT_MOST = 100;

export interface OwnKeyList {
  readonly data: readonly OwnKey[];
  readonly total_count: number;
}

/** What a change of any key makes old. */
export const OWN_KEYS = ['byok'] as const;

/** Those that a workspace uses, with those of every workspace; null: all. */
export const ownKeysQuery = (workspaceId: string | null) =>
  queryOptions({
    queryKey: [...OWN_KEYS, workspaceId],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        limit: String(SHOWN_AT_MOST),
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return request<OwnKeyList>('GET', `/api/dashboard/byok?${query}`, { signal });
    },
  });
