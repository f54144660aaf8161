import { requestData } from '../../../shared/api/request.ts';
import type { Role } from '../../../shared/session/session-query.ts';

export const changeRole = ({ userId, role }: { userId: string; role: Role }): Promise<void> =>
  requestData('PATCH', `/api/dashboard/members/${encodeURIComponent(userId)}`, { body: { role } });
