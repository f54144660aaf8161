import { requestData } from '../../../shared/api/request.ts';
import type { Proposal } from '../proposal.ts';

export const readDevice = (userCode: string): Promise<Proposal> =>
  requestData('GET', `/api/dashboard/device?${new URLSearchParams({ user_code: userCode })}`);
