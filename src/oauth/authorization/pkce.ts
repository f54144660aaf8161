/** Proof Key for Code Exchange (RFC 7636): whether a verifier is the one that a code was asked for with. No I/O. */
import { timingSafeEqual } from 'node:crypto';
import type { ChallengeMethod } from '../../storage/schema.ts';

export interface Challenge {
  readonly text: string;
  readonly method: ChallengeMethod;
}

/** Neither length nor alphabet of a verifier is looked at: OpenRouter's own samples use short ones. */
export function provesChallenge(verifier: string, challenge: Challenge): boolean {
  switch (challenge.method) {
    case 'S256':
      return isSame(Bun.SHA256.hash(verifier, 'base64url'), toBase64Url(challenge.text));
    case 'plain':
      return isSame(verifier, challenge.text);
  }
}

/** The documentation says base64 and shows base64url without padding: both are understood. */
function toBase64Url(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** In a time that tells nothing: hashes are compared, which also makes both sides the same length. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Bun.SHA256.hash(one), Bun.SHA256.hash(other));
}
