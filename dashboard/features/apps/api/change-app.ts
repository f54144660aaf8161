/** Changes an app's name, or where codes for it may go. */
import type { App } from '../../../../src/oauth/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export type AppChanges = Pick<App, 'name' | 'redirect_uris'>;

export const changeApp = (id: string, body: AppChanges): Promise<App> =>
  requestData<App>('PATCH', `/api/dashboard/apps/${encodeURIComponent(id)}`, { body });
