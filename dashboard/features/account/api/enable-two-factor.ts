import { request } from '../../../shared/api/request.ts';

export interface TwoFactorSetup {
  /** For an authenticator app, as `otpauth:`. */
  readonly totpURI: string;
  readonly backupCodes: readonly string[];
}

/** Takes effect with the first code that is verified. */
export const enableTwoFactor = (password: string): Promise<TwoFactorSetup> =>
  request('POST', '/api/auth/two-factor/enable', { body: { password } });
