import { requestData } from '../../../shared/api/request.ts';
import type { Role } from '../../../shared/session/session-query.ts';
import type { Invitation } from './list-invitations.ts';

/** `link` is null where it was mailed. */
export const createInvitation = (wish: {
  email: string | null;
  role: Role;
}): Promise<Invitation & { link: string | null }> =>
  requestData('POST', '/api/dashboard/invitations', { body: wish });
