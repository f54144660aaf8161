/** Wipes a key. */
import { request } from '../../../shared/api/request.ts';

export const deleteOwnKey = (id: string): Promise<void> =>
  request('DELETE', `/api/dashboard/byok/${encodeURIComponent(id)}`);
