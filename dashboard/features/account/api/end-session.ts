import { requestData } from '../../../shared/api/request.ts';

export const endSession = (id: string): Promise<void> =>
  requestData('DELETE', `/api/dashboard/sessions/${encodeURIComponent(id)}`);
