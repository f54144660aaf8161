import { request } from '../../../shared/api/request.ts';

export const verifyTotp = (code: string): Promise<void> =>
  request('POST', '/api/auth/two-factor/verify-totp', { body: { code } });

export const verifyRecoveryCode = (code: string): Promise<void> =>
  request('POST', '/api/auth/two-factor/verify-backup-code', { body: { code } });
