import { requestData } from '../../../shared/api/request.ts';

export const revokeInvitation = (id: string): Promise<void> =>
  requestData('DELETE', `/api/dashboard/invitations/${encodeURIComponent(id)}`);
