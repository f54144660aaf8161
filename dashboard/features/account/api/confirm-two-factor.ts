import { request } from '../../../shared/api/request.ts';

export const confirmTwoFactor = (code: string): Promise<void> =>
  request('POST', '/api/auth/two-factor/verify-totp', { body: { code } });
