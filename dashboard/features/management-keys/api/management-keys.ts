/** Management keys: programs make and change API keys with them. Nothing is spent through one. */

import { queryOptions } from '@tanstack/react-query';
import type { NewKeyAnswer, PageKey } from '../../../../src/keys/answers.ts';
import { request, requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/management-keys';

/** Newest first, as many as the gateway has on a page; nobody needs a hundred. */
export const managementKeysQuery = queryOptions({
  queryKey: ['management-keys'],
  queryFn: ({ signal }) =>
    requestData<readonly PageKey[]>('GET', `${PATH}?include_disabled=true`, { signal }),
});

/** Its secret is in this answer and in no other. */
export const createManagementKey = (body: {
  readonly name: string;
  readonly expires_at: string | null;
}): Promise<NewKeyAnswer> => requestData('POST', PATH, { body });

export const deleteManagementKey = (hash: string): Promise<unknown> => request('DELETE', `${PATH}/${hash}`);

/** Another secret, which is in this answer and in no other; the one before ends at once. */
export const replaceManagementKey = (hash: string): Promise<PageKey & { key: string }> =>
  requestData('POST', `${PATH}/${hash}/rotate`, { body: { old_valid_for_seconds: 0 } });

/** One that is quarantined goes on as it is. */
export const restoreManagementKey = (hash: string): Promise<unknown> =>
  request('PATCH', `${PATH}/${hash}`, { body: { disabled: false } });
