/** Gives an app a new secret, which is in this answer and in no other; the old one stops. */
import type { AppWithSecret } from '../../../../src/oauth/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const renewSecret = (id: string): Promise<AppWithSecret> =>
  requestData<AppWithSecret>('POST', `/api/dashboard/apps/${encodeURIComponent(id)}/secret`);
