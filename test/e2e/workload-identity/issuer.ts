/** An issuer without a server: its public keys are pinned, and its tokens say whatever a test wants. */
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

export interface Issuer {
  readonly url: string;
  /** A JWK Set as JSON. */
  readonly jwks: string;
  readonly publicJwk: JWK;
  /** A new one, good for five minutes, unless the claims say otherwise; undefined takes a claim away. */
  token(claims: Record<string, unknown>, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

export async function createIssuer(alg: 'ES256' | 'RS256' = 'ES256'): Promise<Issuer> {
  const url = 'https://idp.example.com';
  const kid = `pinned-${alg}`;
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return {
    ...{ url, publicJwk },
    jwks: JSON.stringify({ keys: [publicJwk] }),
    token: (claims, header) => {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const times = { iat: nowSeconds, exp: nowSeconds + 300 };
      const payload = { iss: url, jti: crypto.randomUUID(), ...times, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
    },
  };
}
