/** Passkeys need HTTPS or localhost, and a browser that speaks WebAuthn in JSON. */
export const canUsePasskeys = (): boolean =>
  typeof PublicKeyCredential === 'function' &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';
