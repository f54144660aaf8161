/** Makes a key. Its secret is in this answer and in no other. */
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';
import type { LimitReset } from '../api-key.ts';

export interface NewKey {
  readonly name: string;
  /** Absent: the default one. */
  readonly workspace_id?: string;
  /** Null: the organisation's; absent: of whoever makes it. */
  readonly creator_user_id?: null;
  readonly limit: number | null;
  readonly limit_reset: LimitReset | null;
  /** UTC; null: never. */
  readonly expires_at: string | null;
  readonly include_byok_in_limit: boolean;
  readonly cut_streams_when_revoked: boolean;
  readonly on_exhaust: PageKey['on_exhaust'];
}

export type CreatedKey = PageKey & { readonly key: string };

export const createKey = (body: NewKey): Promise<CreatedKey> =>
  requestData<CreatedKey>('POST', '/api/dashboard/keys', { body });
