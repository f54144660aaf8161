/** Passkeys need HTTPS or localhost, a host with a name, and a browser that speaks WebAuthn in JSON. */

/** Browsers tie a passkey to a domain, which an address of digits is not (WebAuthn, 5.1.3). */
const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith('[');

/** Null: they work here. Else why they do not, and what would help. `passkeyHost`: the name that the gateway makes them for. */
export function whyNoPasskeys(passkeyHost: string | null, here: Location = location): string | null {
  const nowhere =
    'Passkeys need a name, and this gateway has only an address of digits. Whoever runs it can give it one with TURNPIKE_PUBLIC_URL.';
  if (passkeyHost === null) return nowhere;
  const isThere = here.hostname === passkeyHost || here.hostname.endsWith(`.${passkeyHost}`);
  if (!isThere) return `Passkeys of this gateway work on ${passkeyHost} alone. Open it there to use them.`;
  if (isAddress(here.hostname)) return nowhere;
  if (!window.isSecureContext) return 'Passkeys need a page that is served over HTTPS.';
  const canAsk =
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';
  return canAsk ? null : 'This browser knows no passkeys, or is too old for them.';
}

/** The page that one is on, where passkeys work; null: it is that one, or has no other name that is known. */
export function passkeyAddress(passkeyHost: string | null, here: Location = location): string | null {
  if (passkeyHost !== 'localhost' || !isAddress(here.hostname)) return null;
  const url = new URL(here.href);
  url.hostname = passkeyHost;
  return url.href;
}

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
