/** What ⌘K looks through: asked for once it is opened. */

import { queryOptions } from '@tanstack/react-query';
import type { ModelAnswer } from '../../src/catalogue/answers.ts';
import type { PageKey } from '../../src/keys/answers.ts';
import { requestData } from '../shared/api/request.ts';

const STALE_MS = 60_000;

/** The newest ones that one may see. */
export const foundKeysQuery = queryOptions({
  queryKey: ['palette', 'keys'],
  queryFn: ({ signal }) =>
    requestData<readonly PageKey[]>('GET', '/api/dashboard/keys?include_disabled=true', { signal }),
  staleTime: STALE_MS,
});

export const foundModelsQuery = queryOptions({
  queryKey: ['palette', 'models'],
  queryFn: ({ signal }) => requestData<readonly ModelAnswer[]>('GET', '/api/v1/models', { signal }),
  staleTime: STALE_MS,
});
