import { request } from '../api/request.ts';

/** Says the same whether there is such an address or not. */
export const sendVerificationEmail = (email: string): Promise<void> =>
  request('POST', '/api/auth/send-verification-email', { body: { email } });
