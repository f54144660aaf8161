import type { TwoFactorSetup } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';

/** Takes effect with the first code that is verified. */
export const enableTwoFactor = (password: string): Promise<TwoFactorSetup> =>
  request('POST', '/api/auth/two-factor/enable', { body: { password } });
