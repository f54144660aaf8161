import { request } from '../../../shared/api/request.ts';

export const disconnectProvider = (id: string): Promise<void> =>
  request('POST', '/api/auth/unlink-account', { body: { accountId: id } });
