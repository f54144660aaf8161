/** Puts keys of one provider and section into the order in which they are to be tried. */
import { request } from '../../../shared/api/request.ts';

export const orderOwnKeys = (ids: readonly string[]): Promise<void> =>
  request('PUT', '/api/dashboard/byok-order', { body: { ids } });
