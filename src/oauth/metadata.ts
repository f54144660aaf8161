/** What clients discover instead of being told: the endpoints (RFC 8414), and which server gives keys for the API (RFC 9728). No I/O. */

/** Where metadata of a protected resource is: its path comes behind the well-known one (RFC 9728, 3.1). */
export const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource';
const API_PATH = '/api/v1';

export function serverMetadata({
  publicUrl,
  grantTypes,
  hasRegistration,
}: {
  publicUrl: string;
  grantTypes: readonly string[];
  hasRegistration: boolean;
}) {
  const api = `${publicUrl}${API_PATH}`;
  const secrets = ['client_secret_basic', 'client_secret_post'];
  return {
    issuer: publicUrl,
    authorization_endpoint: `${publicUrl}/auth`,
    token_endpoint: `${api}/oauth/token`,
    revocation_endpoint: `${api}/oauth/revoke`,
    introspection_endpoint: `${api}/oauth/introspect`,
    device_authorization_endpoint: `${api}/oauth/device_authorization`,
    jwks_uri: `${api}/oauth/jwks`,
    ...(hasRegistration && { registration_endpoint: `${api}/oauth/register` }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes,
    code_challenge_methods_supported: ['S256', 'plain'],
    token_endpoint_auth_methods_supported: ['none', ...secrets],
    revocation_endpoint_auth_methods_supported: ['none', ...secrets],
    introspection_endpoint_auth_methods_supported: secrets,
    authorization_response_iss_parameter_supported: true,
  };
}

/** Of the API, or of the whole gateway, whichever a client asks about. */
export function resourceMetadata(publicUrl: string, path: '' | typeof API_PATH) {
  return {
    resource: `${publicUrl}${path}`,
    authorization_servers: [publicUrl],
    bearer_methods_supported: ['header'],
    resource_name: 'Turnpike',
  };
}

/** Behind the public address even where that has a path, since a proxy passes nothing else on to us. */
export function resourceMetadataUrl(publicUrl: string): string {
  return `${publicUrl}${RESOURCE_METADATA_PATH}${API_PATH}`;
}
