/** What a token exchange may ask for (RFC 8693, 2.1). No I/O. */
import { UUID } from '../keys/key-fields.ts';
import { oauthError } from '../oauth/oauth-error.ts';
import type { Fields } from '../oauth/token-endpoint.ts';
import type { ExchangeRequest } from './exchange.ts';
import { SCOPE } from './mint.ts';
import { isJwt } from './subject-token.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_URN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT_URN = 'urn:ietf:params:oauth:token-type:jwt';
const MAX_SUBJECT_TOKEN_BYTES = 16 * 1024;

/** `audience` and `resource` may be there, and are not looked at. */
export function parseExchangeRequest(fields: Fields): ExchangeRequest {
  mustBe(fields, 'subject_token_type', JWT_URN, 'required');
  mustBe(fields, 'requested_token_type', ACCESS_TOKEN_URN, 'optional');
  const scope = fields.get('scope');
  if (scope !== undefined && scope !== SCOPE)
    throw oauthError('invalid_scope', `scope: only "${SCOPE}" is available`);
  const policyId = fields.get('federation_policy_id');
  if (policyId === undefined || !UUID.test(policyId)) throw invalid('federation_policy_id: must be a UUID');
  return { policyId: policyId.toLowerCase(), subjectToken: subjectTokenOf(fields) };
}

function subjectTokenOf(fields: Fields): string {
  const token = fields.get('subject_token');
  if (token === undefined) throw invalid('subject_token: is required');
  if (token.length > MAX_SUBJECT_TOKEN_BYTES)
    throw invalid(`subject_token: must have at most ${MAX_SUBJECT_TOKEN_BYTES} bytes`);
  if (!isJwt(token)) throw invalid('subject_token: must be a signed JWT');
  return token;
}

function mustBe(fields: Fields, name: string, wanted: string, need: 'required' | 'optional'): void {
  const value = fields.get(name);
  if (value === undefined && need === 'optional') return;
  if (value !== wanted) throw invalid(`${name}: must be ${wanted}`);
}

function invalid(message: string) {
  return oauthError('invalid_request', message);
}
