import type { NewInvitation } from '../../../../src/accounts/answers.ts';
import { requestData } from '../../../shared/api/request.ts';
import type { Role } from '../../../shared/session/session-query.ts';

/** `link` is null where it was mailed. */
export const createInvitation = (wish: {
  email: string | null;
  role: Role;
  /** One that they join beside the organisation; null: none. */
  workspace_id: string | null;
}): Promise<NewInvitation> => requestData('POST', '/api/dashboard/invitations', { body: wish });
