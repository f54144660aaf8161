/** Changes an app's name, or where codes for it may go. */
import { requestData } from '../../../shared/api/request.ts';
import type { App } from '../app.ts';

export type AppChanges = Pick<App, 'name' | 'redirect_uris'>;

export const changeApp = (id: string, body: AppChanges): Promise<App> =>
  requestData<App>('PATCH', `/api/dashboard/apps/${encodeURIComponent(id)}`, { body });
