import { requestData } from '../../../shared/api/request.ts';

/** Ends every other session. */
export const confirmEmailChange = (token: string): Promise<{ email: string }> =>
  requestData('POST', '/api/dashboard/email-change/confirm', { body: { token } });
