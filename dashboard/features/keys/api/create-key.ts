/** Makes a key. Its secret is in this answer and in no other. */
import { requestData } from '../../../shared/api/request.ts';
import type { ApiKey, LimitReset } from '../api-key.ts';

export interface NewKey {
  readonly name: string;
  /** Null: the organisation's; absent: of whoever makes it. */
  readonly creator_user_id?: null;
  readonly limit: number | null;
  readonly limit_reset: LimitReset | null;
  /** UTC; null: never. */
  readonly expires_at: string | null;
  readonly include_byok_in_limit: boolean;
  readonly cut_streams_when_revoked: boolean;
}

export type CreatedKey = ApiKey & { readonly key: string };

export const createKey = (body: NewKey): Promise<CreatedKey> =>
  requestData<CreatedKey>('POST', '/api/dashboard/keys', { body });
