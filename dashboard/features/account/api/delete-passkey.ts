import { request } from '../../../shared/api/request.ts';

export const deletePasskey = (id: string): Promise<void> =>
  request('POST', '/api/auth/passkey/delete-passkey', { body: { id } });
