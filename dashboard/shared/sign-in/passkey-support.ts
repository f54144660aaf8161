/** Passkeys need HTTPS or localhost, a host with a name, and a browser that speaks WebAuthn in JSON. */

/** Browsers tie a passkey to a domain, which an address of digits is not (WebAuthn, 5.1.3). */
const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith('[');

/** Null: they work here. Else why they do not, and what would help. */
export function whyNoPasskeys(host: string = location.hostname): string | null {
  if (isAddress(host)) {
    return 'Passkeys work on pages with a name, and this one has only an address of digits. Open the gateway by its name to use them.';
  }
  if (!window.isSecureContext) return 'Passkeys need a page that is served over HTTPS.';
  const canAsk =
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';
  return canAsk ? null : 'This browser knows no passkeys, or is too old for them.';
}

export const canUsePasskeys = (): boolean => whyNoPasskeys() === null;

/** What a browser says when it gives none, in words for people. */
export function passkeyProblem(error: unknown): string {
  if (!(error instanceof DOMException)) return 'The browser gave no passkey.';
  switch (error.name) {
    case 'NotAllowedError':
      return 'The browser gave no passkey: it was cancelled, took too long, or there is none for this site.';
    case 'InvalidStateError':
      return 'This device has a passkey for you already.';
    default:
      return `The browser gave no passkey: ${error.message}`;
  }
}
