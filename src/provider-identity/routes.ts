/** What vendors read of the gateway as an issuer, to verify its tokens: no secrets, for anybody. */
import { publicRoute, type Route } from '../http/route.ts';
import type { SigningKeys } from '../workload-identity/signing-keys.ts';
import { DISCOVERY_PATH, discoveryDocument, JWKS_PATH } from './issuer.ts';

const CACHED = { headers: { 'cache-control': 'public, max-age=300' } };

export function providerIdentityRoutes({
  publicUrl,
  signingKeys,
}: {
  publicUrl: string;
  signingKeys: Pick<SigningKeys, 'published'>;
}): Route[] {
  const document = discoveryDocument(publicUrl);
  return [
    publicRoute('GET', DISCOVERY_PATH, () => Response.json(document, CACHED)),
    publicRoute('GET', JWKS_PATH, async () => Response.json({ keys: await signingKeys.published() }, CACHED)),
  ];
}
