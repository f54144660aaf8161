import type { PasswordAccepted } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';

/** `twoFactorRedirect`: the password was right, and a code must follow. */
export const signInWithPassword = (credentials: {
  email: string;
  password: string;
}): Promise<PasswordAccepted> =>
  request('POST', '/api/auth/sign-in/email', { body: { ...credentials, rememberMe: true } });
