/** Makes a policy, which holds at once. */
import { requestData } from '../../../shared/api/request.ts';
import type { Policy, PolicyFields } from '../trust.ts';

export const createPolicy = (body: PolicyFields): Promise<Policy> =>
  requestData<Policy>('POST', '/api/dashboard/workload-identity/policies', { body });
