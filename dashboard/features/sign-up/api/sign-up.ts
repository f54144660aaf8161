import { request } from '../../../shared/api/request.ts';

export const signUp = (person: {
  name: string;
  email: string;
  password: string;
  invitation_token?: string;
}): Promise<void> => request('POST', '/api/auth/sign-up/email', { body: person });
