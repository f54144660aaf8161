/** What ⌘K looks through: asked for once it is opened. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../shared/api/request.ts';

interface FoundKey {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
}

interface FoundModel {
  readonly id: string;
  readonly name: string;
}

const STALE_MS = 60_000;

/** The newest ones that one may see. */
export const foundKeysQuery = queryOptions({
  queryKey: ['palette', 'keys'],
  queryFn: ({ signal }) =>
    requestData<readonly FoundKey[]>('GET', '/api/dashboard/keys?include_disabled=true', { signal }),
  staleTime: STALE_MS,
});

export const foundModelsQuery = queryOptions({
  queryKey: ['palette', 'models'],
  queryFn: ({ signal }) => requestData<readonly FoundModel[]>('GET', '/api/v1/models', { signal }),
  staleTime: STALE_MS,
});
