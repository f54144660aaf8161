/** The apps that were let in, and cutting one of them off. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface GrantKey {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
  readonly creator_user_id: string | null;
  readonly last_used_at: string | null;
  readonly disabled: boolean;
}

export interface Grant {
  readonly id: string;
  /** Null: nobody vouches for who it is. */
  readonly name: string | null;
  readonly client_id: string | null;
  readonly registered_itself: boolean;
  readonly is_ours: boolean;
  readonly granted_at: string;
  /** Those that are not revoked. */
  readonly keys: readonly GrantKey[];
  /** All that it ever had. */
  readonly key_hashes: readonly string[];
}

export const grantsQuery = queryOptions({
  queryKey: ['app-grants'],
  queryFn: ({ signal }) => requestData<readonly Grant[]>('GET', '/api/dashboard/app-grants', { signal }),
});

export const cutOffApp = (id: string): Promise<{ readonly revoked_keys: number }> =>
  requestData('DELETE', `/api/dashboard/app-grants/${encodeURIComponent(id)}`);
