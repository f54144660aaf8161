import { requestData } from '../../../shared/api/request.ts';

/** Says the same whether somebody has the address or not. */
export const requestEmailChange = (body: { email: string; password: string }): Promise<void> =>
  requestData('POST', '/api/dashboard/email-change', { body });
