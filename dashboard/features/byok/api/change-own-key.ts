/** Changes what a key is used for, or puts another secret in its place. */
import { requestData } from '../../../shared/api/request.ts';
import type { OwnKey } from '../own-key.ts';

export interface OwnKeyChanges extends Partial<Omit<OwnKey, 'id' | 'provider' | 'workspace_id'>> {
  readonly key?: string;
}

export const changeOwnKey = (id: string, body: OwnKeyChanges): Promise<OwnKey> =>
  requestData<OwnKey>('PATCH', `/api/dashboard/byok/${encodeURIComponent(id)}`, { body });
