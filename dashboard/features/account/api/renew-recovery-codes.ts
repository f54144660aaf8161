import type { RecoveryCodes } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';

/** The old ones work no more. */
export const renewRecoveryCodes = (password: string): Promise<RecoveryCodes> =>
  request('POST', '/api/auth/two-factor/generate-backup-codes', { body: { password } });
