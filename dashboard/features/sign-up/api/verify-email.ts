import { request } from '../../../shared/api/request.ts';

/** The password shows that whoever opened the link is whoever signed up. */
export const verifyEmail = (body: {
  token: string;
  password: string;
}): Promise<{ twoFactorRedirect?: boolean }> => request('POST', '/api/auth/verify-email', { body });
