/**
 * Browsers that signed in before. What a stranger can do to an account, such as guessing at it until nobody is let in, must not reach
 * them: they have a cookie, and attempts of their own (OWASP, "slow down online guessing attacks with device cookies"). The cookie
 * signs nobody in. No I/O.
 */
import { timingSafeEqual } from 'node:crypto';
import { keyedHash } from '../../vault/seal.ts';
import { cookieName, isHttps, readCookie } from '../sessions/session-cookie.ts';

const DEVICE_COOKIE = 'device';
const KEPT_SECONDS = 180 * 24 * 60 * 60;
const NONCE_BYTES = 16;
const MARK_LENGTH = 32;
/** People who share a browser. */
const MAX_ACCOUNTS = 8;
const WELL_FORMED = new RegExp(
  `^[0-9a-f]{${NONCE_BYTES * 2}}(?:\\.[0-9a-f]{${MARK_LENGTH}}){1,${MAX_ACCOUNTS}}$`,
);

export interface KnownDevices {
  /** The browser's name, if somebody signed in with this address in it before; null: a stranger. */
  of(headers: Headers, email: string): string | null;
  /** Adds the cookie to the answer of a sign-in, or of a reset by mail. */
  remember(headers: Headers, answer: Response, email: string): void;
}

export function createKnownDevices({
  masterKey,
  publicUrl,
}: {
  readonly masterKey: Uint8Array;
  readonly publicUrl: string;
}): KnownDevices {
  const name = cookieName(DEVICE_COOKIE, publicUrl);
  const markOf = (nonce: string, email: string): string =>
    keyedHash(masterKey, 'known device', `${nonce} ${email.toLowerCase()}`).slice(0, MARK_LENGTH);

  function read(headers: Headers): { readonly nonce: string; readonly marks: readonly string[] } | null {
    const value = readCookie({ headers }, name);
    if (value === null || !WELL_FORMED.test(value)) return null;
    const [nonce = '', ...marks] = value.split('.');
    return { nonce, marks };
  }

  return {
    of(headers, email) {
      const cookie = read(headers);
      if (cookie === null) return null;
      const mark = Buffer.from(markOf(cookie.nonce, email));
      const isKnown = cookie.marks.some((other) => timingSafeEqual(Buffer.from(other), mark));
      return isKnown ? cookie.nonce : null;
    },
    remember(headers, answer, email) {
      const known = read(headers);
      const nonce = known?.nonce ?? crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toHex();
      const mark = markOf(nonce, email);
      const others = known?.marks.filter((other) => other !== mark) ?? [];
      const value = [nonce, mark, ...others.slice(0, MAX_ACCOUNTS - 1)].join('.');
      const attributes = [`Max-Age=${KEPT_SECONDS}`, 'Path=/', 'HttpOnly', 'SameSite=Lax'];
      if (isHttps(publicUrl)) attributes.push('Secure');
      answer.headers.append('set-cookie', [`${name}=${value}`, ...attributes].join('; '));
    },
  };
}
