/** Changes a key: what is not named stays as it is. */
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export type KeyChanges = Partial<
  Pick<
    PageKey,
    | 'name'
    | 'disabled'
    | 'limit'
    | 'limit_reset'
    | 'include_byok_in_limit'
    | 'cut_streams_when_revoked'
    | 'on_exhaust'
  >
>;

export const changeKey = (hash: string, body: KeyChanges): Promise<PageKey> =>
  requestData<PageKey>('PATCH', `/api/dashboard/keys/${hash}`, { body });
