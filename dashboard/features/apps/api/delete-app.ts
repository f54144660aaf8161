/** Takes an app away. */
import { request } from '../../../shared/api/request.ts';

export const deleteApp = (id: string): Promise<void> =>
  request('DELETE', `/api/dashboard/apps/${encodeURIComponent(id)}`);
