import { request } from '../../../shared/api/request.ts';

export const updateUser = (changes: { name: string }): Promise<void> =>
  request('POST', '/api/auth/update-user', { body: changes });
