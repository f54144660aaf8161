/** Brings a key. Its secret goes to the gateway and never comes back. */
import { requestData } from '../../../shared/api/request.ts';
import type { OwnKey } from '../own-key.ts';
import type { OwnKeyChanges } from './change-own-key.ts';

export interface NewOwnKey extends OwnKeyChanges {
  readonly provider: string;
  readonly key: string;
  /** Null: of every workspace. */
  readonly workspace_id?: string | null;
}

export const createOwnKey = (body: NewOwnKey): Promise<OwnKey> =>
  requestData<OwnKey>('POST', '/api/dashboard/byok', { body });
