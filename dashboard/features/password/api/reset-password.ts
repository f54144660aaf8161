import { request } from '../../../shared/api/request.ts';

export const resetPassword = (body: { token: string; newPassword: string }): Promise<void> =>
  request('POST', '/api/auth/reset-password', { body });
