/** The keys that have spent most of their limit, of however many there are. */
import { queryOptions } from '@tanstack/react-query';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

/** `workspaceId` null: of every workspace. */
export const limitedKeysQuery = (workspaceId: string | null) =>
  queryOptions({
    queryKey: ['keys', 'overview', workspaceId],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        order: 'limit_spent',
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return requestData<readonly PageKey[]>('GET', `/api/dashboard/keys?${query}`, { signal });
    },
  });
