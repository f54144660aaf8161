/** Changes a policy; what is not named stays as it is. */
import { requestData } from '../../../shared/api/request.ts';
import type { Policy, PolicyFields } from '../trust.ts';

export const changePolicy = (id: string, body: Partial<PolicyFields>): Promise<Policy> =>
  requestData<Policy>('PATCH', `/api/dashboard/workload-identity/policies/${encodeURIComponent(id)}`, {
    body,
  });
