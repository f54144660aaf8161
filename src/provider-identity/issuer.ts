/** Who signs what providers are shown, and what OpenID Connect Discovery 1.0 wants to know of it. No I/O. */
const ISSUER_PATH = '/api/v1/identity';

/**
 * Apart from the issuer of access tokens, with keys of its own: no token that a workload gets here could pass for the gateway's own at a
 * vendor, nor the other way round.
 */
export function identityIssuer(publicUrl: string): string {
  return `${publicUrl}${ISSUER_PATH}`;
}

export const DISCOVERY_PATH = `${ISSUER_PATH}/.well-known/openid-configuration`;
export const JWKS_PATH = `${ISSUER_PATH}/jwks`;

/** Section 3 of Discovery; nobody is signed in here, so nothing but the keys is offered. */
export function discoveryDocument(publicUrl: string) {
  const issuer = identityIssuer(publicUrl);
  return {
    issuer,
    jwks_uri: `${publicUrl}${JWKS_PATH}`,
    // A required member, of an endpoint that gives no tokens to anybody.
    authorization_endpoint: `${publicUrl}/auth`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
  };
}
