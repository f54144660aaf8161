/** The keys that one may see, disabled ones among them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';
import type { KeySearch } from '../key-search.ts';

/** The gateway's own. */
export const KEYS_A_PAGE = 100;

/** `workspaceId` null: of every workspace. */
export const keysQuery = (narrowed: KeySearch, workspaceId: string | null) =>
  queryOptions({
    queryKey: ['keys', 'list', narrowed, workspaceId],
    queryFn: ({ signal }) => {
      const { page = 1, search, state, owner, order } = narrowed;
      const query = new URLSearchParams({
        include_disabled: 'true',
        offset: String((page - 1) * KEYS_A_PAGE),
        ...(search === undefined ? {} : { search }),
        ...(state === undefined ? {} : { state }),
        ...(owner === undefined ? {} : { creator_user_id: owner }),
        ...(order === undefined ? {} : { order }),
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return requestData<PageKey[]>('GET', `/api/dashboard/keys?${query}`, { signal });
    },
    placeholderData: keepPreviousData,
  });
