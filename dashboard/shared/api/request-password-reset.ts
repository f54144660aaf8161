import { request } from './request.ts';

/** Says the same whether there is such an address or not. */
export const requestPasswordReset = (email: string): Promise<void> =>
  request('POST', '/api/auth/request-password-reset', { body: { email } });
