/** Management keys: programs make and change API keys with them. Nothing is spent through one. */
import { queryOptions } from '@tanstack/react-query';
import { request, requestData } from '../../../shared/api/request.ts';

export interface ManagementKey {
  readonly hash: string;
  readonly name: string;
  readonly label: string;
  readonly disabled: boolean;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

const PATH = '/api/dashboard/management-keys';

/** Newest first, as many as the gateway has on a page; nobody needs a hundred. */
export const managementKeysQuery = queryOptions({
  queryKey: ['management-keys'],
  queryFn: ({ signal }) =>
    requestData<readonly ManagementKey[]>('GET', `${PATH}?include_disabled=true`, { signal }),
});

/** Its secret is in this answer and in no other. */
export const createManagementKey = (body: {
  readonly name: string;
  readonly expires_at: string | null;
}): Promise<ManagementKey & { readonly key: string }> => requestData('POST', PATH, { body });

export const deleteManagementKey = (hash: string): Promise<unknown> => request('DELETE', `${PATH}/${hash}`);
