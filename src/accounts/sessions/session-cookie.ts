/** The cookie that carries a session: its token and our signature of it, without which the database's row signs nobody in. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { keyedHash } from '../../vault/seal.ts';

const COOKIE_PREFIX = 'turnpike';

/** What better-auth signs and encrypts with: one key of many that come from the master key. */
export function authSecret(masterKey: Uint8Array): string {
  return keyedHash(masterKey, 'better-auth', 'secret');
}

export function isHttps(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}

/**
 * Before the names of all our cookies. Browsers take a name that begins with `__Host-` over TLS alone and from this very host (RFC
 * 6265bis, 4.1.3.2): no sibling of it can plant a session.
 */
export function cookiePrefix(publicUrl: string): string {
  return `${isHttps(publicUrl) ? '__Host-' : ''}${COOKIE_PREFIX}`;
}

export function cookieName(name: string, publicUrl: string): string {
  return `${cookiePrefix(publicUrl)}.${name}`;
}

/** Who signs up by way of a provider comes back without a body or a header of ours: this cookie brings the invitation. */
export const INVITATION_COOKIE = 'invitation';

/** The first cookie of this name, decoded; null when there is none or it makes no sense. */
export function readCookie(request: Pick<Request, 'headers'>, name: string): string | null {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const end = pair.indexOf('=');
    if (end === -1 || pair.slice(0, end).trim() !== name) continue;
    try {
      return decodeURIComponent(pair.slice(end + 1).trim());
    } catch {
      return null;
    }
  }
  return null;
}

/**
 * The session's token, from `<token>.<HMAC-SHA-256 in base64>` as better-auth writes it; null unless the signature is ours.
 * Read here, so that a page's request costs one query and not the loading of better-auth.
 */
export function readSessionToken(
  request: Request,
  { secret, publicUrl }: { secret: string; publicUrl: string },
): string | null {
  const value = readCookie(request, cookieName('session_token', publicUrl));
  const end = value?.lastIndexOf('.') ?? -1;
  if (value === null || end < 1) return null;
  const token = value.slice(0, end);
  const signature = Buffer.from(value.slice(end + 1));
  const expected = Buffer.from(createHmac('sha256', secret).update(token).digest('base64'));
  return signature.length === expected.length && timingSafeEqual(signature, expected) ? token : null;
}
