/** Changes a key: what is not named stays as it is. */
import { requestData } from '../../../shared/api/request.ts';
import type { ApiKey } from '../api-key.ts';

export type KeyChanges = Partial<
  Pick<
    ApiKey,
    'name' | 'disabled' | 'limit' | 'limit_reset' | 'include_byok_in_limit' | 'cut_streams_when_revoked'
  >
>;

export const changeKey = (hash: string, body: KeyChanges): Promise<ApiKey> =>
  requestData<ApiKey>('PATCH', `/api/dashboard/keys/${hash}`, { body });
