import type { Joined } from '../../../../src/accounts/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

/** Somebody who is signed in joins at once; for anybody else the invitation comes along to the next sign-in. */
export const acceptInvitation = (token: string): Promise<Joined> =>
  requestData('POST', '/api/dashboard/invitations/accept', { body: { token } });
