import { request } from '../../../shared/api/request.ts';

export const disableTwoFactor = (password: string): Promise<void> =>
  request('POST', '/api/auth/two-factor/disable', { body: { password } });
