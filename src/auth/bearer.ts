/** From request headers to the text of the key they carry: `Authorization: Bearer`, and at some doors a header of its own. */
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { CallerRefused, type KnownCaller } from './caller-refused.ts';
import { isClaudeLogin, LOGIN_KEY_HEADER, loginWithoutKey } from './claude-login.ts';

const CHALLENGE = 'Bearer realm="turnpike"';
const INVALID_TOKEN = `${CHALLENGE}, error="invalid_token"`;

/**
 * One space after a scheme in any case; whatever follows is the key, untouched: one with a blank before it is none of ours. A blank
 * behind it never gets here, as HTTP itself takes it off (RFC 9110, 5.5).
 */
const BEARER = /^bearer(?: (.*))?$/is;

/**
 * The key text as sent, which may still be anything; throws when there is none, or the same header twice. `keyHeaders`: where else
 * it counts here, the first that is there. Coding agents send both, and a key of another service beside ours: `Authorization` wins.
 * `passesLogins`: a Claude login there is no key but goes on to Anthropic, and the key stands in another header.
 */
export function keyTextOf(
  request: Request,
  keyHeaders: readonly string[] = [],
  passesLogins = false,
): string {
  const isLogin = passesLogins && keyHeaders.includes(LOGIN_KEY_HEADER) && isClaudeLogin(request.headers);
  const fromAuthorization = isLogin ? null : authorizationKeyText(request.headers.get('authorization'));
  if (fromAuthorization !== null) return fromAuthorization;
  for (const name of keyHeaders) {
    const fromHeader = request.headers.get(name);
    if (fromHeader === null) continue;
    refuseRepeated(fromHeader, name);
    if (fromHeader !== '') return fromHeader;
  }
  return fail(isLogin ? loginWithoutKey(CHALLENGE) : missingKey());
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
/** `caller`: whose key it is; null: nobody knows. */
export function refusedKey(
  code: 'invalid_api_key' | 'key_expired',
  caller: KnownCaller | null = null,
): TurnpikeError {
  const details = { headers: { 'WWW-Authenticate': INVALID_TOKEN } };
  return caller === null ? new TurnpikeError(code, details) : new CallerRefused(code, caller, details);
}

function fail(error: TurnpikeError): never {
  throw error;
}
