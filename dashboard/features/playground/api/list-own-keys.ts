/** The keys that one made oneself and may spend by here: those of apps are the apps'. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface OwnKey {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
  readonly disabled: boolean;
  readonly expires_at: string | null;
  readonly limit_remaining: number | null;
  readonly is_delegated: boolean;
}

export const ownKeysQuery = (userId: string) =>
  queryOptions({
    queryKey: ['playground', 'keys', userId],
    queryFn: async ({ signal }) => {
      const path = `/api/dashboard/keys?${new URLSearchParams({ creator_user_id: userId })}`;
      const keys = await requestData<readonly OwnKey[]>('GET', path, { signal });
      return keys.filter((key) => !key.is_delegated && !key.disabled && !isOver(key));
    },
    staleTime: 30_000,
  });

const isOver = ({ expires_at: at }: OwnKey): boolean => at !== null && Date.parse(at) <= Date.now();
