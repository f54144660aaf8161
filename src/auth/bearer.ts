/** From request headers to the text of the key they carry: `Authorization: Bearer`, and `x-api-key` where Anthropic clients call. */
import { invalidRequest, TurnpikeError } from '../errors.ts';

const CHALLENGE = 'Bearer realm="turnpike"';
const INVALID_TOKEN = `${CHALLENGE}, error="invalid_token"`;

/**
 * One space after a scheme in any case; whatever follows is the key, untouched: one with a blank before it is none of ours. A blank
 * behind it never gets here, as HTTP itself takes it off (RFC 9110, 5.5).
 */
const BEARER = /^bearer(?: (.*))?$/is;

/** Where `x-api-key` counts: Anthropic's clients send it there. Elsewhere it is one more unknown header. */
const API_KEY_HEADER_PATH = /^\/api\/v1\/messages(?:\/|$)/;

/**
 * The key text as sent, which may still be anything; throws when there is none, or the same header twice. Coding agents send both
 * headers, and a key of another service in `x-api-key`: `Authorization` wins.
 */
export function keyTextOf(request: Request): string {
  const fromAuthorization = authorizationKeyText(request.headers.get('authorization'));
  if (fromAuthorization !== null) return fromAuthorization;
  const fromHeader = request.headers.get('x-api-key');
  if (fromHeader === null || !API_KEY_HEADER_PATH.test(new URL(request.url).pathname)) fail(missingKey());
  refuseRepeated(fromHeader, 'x-api-key');
  return fromHeader === '' ? fail(missingKey()) : fromHeader;
}

function authorizationKeyText(header: string | null): string | null {
  if (header === null) return null;
  if (header === '') fail(missingKey());
  refuseRepeated(header, 'Authorization');
  const match = BEARER.exec(header);
  if (match === null) {
    throw new TurnpikeError('invalid_api_key', {
      message: 'Invalid Authorization header; send "Authorization: Bearer <API key>"',
      headers: { 'WWW-Authenticate': CHALLENGE },
    });
  }
  const text = match[1] ?? '';
  return text === '' ? fail(missingKey()) : text;
}

/** A repeated header reaches us as one value joined by a comma, and no key holds a comma. */
function refuseRepeated(header: string, name: string): void {
  if (header.includes(',')) throw invalidRequest(`More than one ${name} header`);
}

function missingKey(): TurnpikeError {
  return new TurnpikeError('missing_api_key', { headers: { 'WWW-Authenticate': CHALLENGE } });
}

/** Unknown, deleted and malformed keys, and expired ones by their own code: same status, same headers. */
export function refusedKey(code: 'invalid_api_key' | 'key_expired'): TurnpikeError {
  return new TurnpikeError(code, { headers: { 'WWW-Authenticate': INVALID_TOKEN } });
}

function fail(error: TurnpikeError): never {
  throw error;
}
