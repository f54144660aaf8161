/** A new access token (RFC 9068): who asked, on which terms, and as which key it acts. */
import { SignJWT } from 'jose';
import {
  ACCESS_TOKEN_ALGORITHM,
  ACCESS_TOKEN_TYPE,
  KEY_HASH_CLAIM,
  type TokenParties,
} from '../auth/access-token.ts';
import { newId } from '../ids.ts';

/** The one scope there is. */
export const SCOPE = 'inference';

export interface TokenFacts {
  readonly subject: string;
  readonly policyId: string;
  readonly issuerId: string;
  readonly targetKeyHash: string;
  /** Seconds since 1970, as JWTs count. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface MintedToken {
  readonly token: string;
  readonly tokenId: string;
}

export async function mintAccessToken(
  signer: { kid: string; privateKey: CryptoKey },
  parties: TokenParties,
  facts: TokenFacts,
): Promise<MintedToken> {
  const tokenId = newId();
  const token = await new SignJWT({
    // The policy takes the place of a registered client, which RFC 9068 (2.2) asks for.
    client_id: facts.policyId,
    scope: SCOPE,
    federation_policy_id: facts.policyId,
    federation_issuer_id: facts.issuerId,
    [KEY_HASH_CLAIM]: facts.targetKeyHash,
  })
    .setProtectedHeader({ alg: ACCESS_TOKEN_ALGORITHM, typ: ACCESS_TOKEN_TYPE, kid: signer.kid })
    .setIssuer(parties.issuer)
    .setAudience(parties.audience)
    .setSubject(facts.subject)
    .setJti(tokenId)
    .setIssuedAt(facts.issuedAt)
    .setExpirationTime(facts.expiresAt)
    .sign(signer.privateKey);
  return { token, tokenId };
}
