/** The keys of a workspace that one may choose from: those that fit what was typed. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const foundKeysQuery = (workspaceId: string, search: string) =>
  queryOptions({
    queryKey: ['keys', 'found', workspaceId, search],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        ...{ include_disabled: 'true', workspace_id: workspaceId },
        ...(search === '' ? {} : { search }),
      });
      return requestData<readonly PageKey[]>('GET', `/api/dashboard/keys?${query}`, { signal });
    },
    placeholderData: keepPreviousData,
  });
