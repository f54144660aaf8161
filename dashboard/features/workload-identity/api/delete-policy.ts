/** Takes a policy away: no token is good for it any more. */
import { request } from '../../../shared/api/request.ts';

export const deletePolicy = (id: string): Promise<void> =>
  request('DELETE', `/api/dashboard/workload-identity/policies/${encodeURIComponent(id)}`);
