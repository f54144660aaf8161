import { request } from '../../../shared/api/request.ts';

/** Ends every other session, and gives this one a new name. */
export const changePassword = (passwords: { currentPassword: string; newPassword: string }): Promise<void> =>
  request('POST', '/api/auth/change-password', { body: passwords });
