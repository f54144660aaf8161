/**
 * Refusals of the OAuth endpoints. Each has its status and the word of RFC 6749 (5.2); it is shown as our envelope with the word in
 * `metadata.oauth_error`, or to standard clients as `{error, error_description}`. No I/O.
 */
import { type ErrorCode, type ErrorDetails, TurnpikeError, toTurnpikeError } from '../errors.ts';

/** RFC 6749 (5.2), RFC 8628 (3.5), RFC 7591 (3.2.2). */
export type OauthWord =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'server_error'
  | 'temporarily_unavailable';

const codes: Partial<Record<OauthWord, ErrorCode>> = {
  invalid_client: 'invalid_client',
  invalid_grant: 'permission_denied',
  access_denied: 'permission_denied',
  server_error: 'internal',
  temporarily_unavailable: 'unavailable',
};

export function oauthError(word: OauthWord, message: string, details: ErrorDetails = {}): TurnpikeError {
  return new TurnpikeError(codes[word] ?? 'invalid_request', {
    message,
    ...details,
    metadata: { ...details.metadata, oauth_error: word },
  });
}

/**
 * The same failure as a standard client reads it. RFC 6749 knows 400 for everything but a client that is not who it says it is;
 * 413, 429 and what is our own fault keep their status.
 */
export function inStandardShape(thrown: unknown): TurnpikeError {
  const error = toTurnpikeError(thrown);
  const isSpecial = error.status === 413 || error.status === 429 || error.status >= 500;
  const status = error.code === 'invalid_client' || isSpecial ? error.status : 400;
  return new TurnpikeError(error.code, {
    status,
    message: error.message,
    headers: { 'cache-control': 'no-store', ...error.headers },
    body: { error: wordOf(error), error_description: error.message },
    cause: error.cause,
    ...(error.detail !== undefined && { detail: error.detail }),
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
  });
}

function wordOf(error: TurnpikeError): unknown {
  if (error.metadata['oauth_error'] !== undefined) return error.metadata['oauth_error'];
  if (error.status === 503) return 'temporarily_unavailable';
  if (error.status >= 500) return 'server_error';
  return error.status === 403 ? 'invalid_grant' : 'invalid_request';
}
