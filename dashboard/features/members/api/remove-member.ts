import { requestData } from '../../../shared/api/request.ts';

export const removeMember = (userId: string): Promise<void> =>
  requestData('DELETE', `/api/dashboard/members/${encodeURIComponent(userId)}`);
