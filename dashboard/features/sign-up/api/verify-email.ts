import type { PasswordAccepted } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';

/** The password shows that whoever opened the link is whoever signed up. */
export const verifyEmail = (body: { token: string; password: string }): Promise<PasswordAccepted> =>
  request('POST', '/api/auth/verify-email', { body });
