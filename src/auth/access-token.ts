/**
 * Access tokens where an API key may stand: signed here in exchange for a workload's own token, and acting as the one key whose
 * hash is signed in them. What was verified is held, so that only the first request of a token pays for its signature.
 */
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { refusedKey } from './bearer.ts';
import { hashOf } from './key-secret.ts';

/** RFC 9068, 2.1: it keeps other JWTs that this gateway may sign one day from passing for one. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';
export const ACCESS_TOKEN_ALGORITHM = 'ES256';
/** Which key a token acts as. */
export const KEY_HASH_CLAIM = 'api_key_hash';

/** `{"` in base64url, with which every JWT begins and no key does. */
const JWT_START = 'eyJ';
/** More than any of ours has: its subject is bounded. */
const MAX_LENGTH = 8192;
const MAX_HELD = 10_000;
const KEY_HASH = /^[0-9a-f]{64}$/;

/** Whom access tokens are from, and whom they are for. */
export interface TokenParties {
  readonly issuer: string;
  readonly audience: string;
}

export function tokenParties(publicUrl: string): TokenParties {
  return { issuer: publicUrl, audience: `${publicUrl}/api/v1` };
}

export interface AccessTokenServices {
  /** Null for a key that is none of ours, or not any more. */
  readonly findPublicKey: (kid: string) => Promise<CryptoKey | null>;
  readonly parties: TokenParties;
  readonly clock: Clock;
  readonly maxHeld?: number;
}

interface Verified {
  readonly keyHash: string;
  readonly expiresAtMs: number;
}

export function looksLikeAccessToken(text: string): boolean {
  return text.startsWith(JWT_START);
}

export class AccessTokens {
  readonly #services: AccessTokenServices;
  /** By the token's hash, so that no memory dump holds tokens; oldest first. */
  readonly #held = new Map<string, Verified>();

  constructor(services: AccessTokenServices) {
    this.#services = services;
  }

  /** The hash of the key that the token acts as, without a promise when it is known; throws or rejects with 401. */
  keyHashOf(text: string): string | Promise<string> {
    if (text.length > MAX_LENGTH) throw refusedKey('invalid_api_key');
    const tokenHash = hashOf(text);
    const held = this.#held.get(tokenHash);
    if (held === undefined) return this.#verify(text, tokenHash);
    if (this.#services.clock.nowMs() < held.expiresAtMs) return held.keyHash;
    this.#held.delete(tokenHash);
    throw refusedKey('key_expired');
  }

  async #verify(text: string, tokenHash: string): Promise<string> {
    const payload = await this.#payloadOf(text);
    const keyHash = payload[KEY_HASH_CLAIM];
    if (typeof keyHash !== 'string' || !KEY_HASH.test(keyHash) || payload.exp === undefined)
      throw refusedKey('invalid_api_key');
    this.#held.set(tokenHash, { keyHash, expiresAtMs: payload.exp * 1000 });
    if (this.#held.size > (this.#services.maxHeld ?? MAX_HELD)) this.#dropOldest();
    return keyHash;
  }

  async #payloadOf(text: string): Promise<JWTPayload> {
    const publicKey = await this.#publicKeyOf(text);
    if (publicKey === null) throw refusedKey('invalid_api_key');
    try {
      const { payload } = await jwtVerify(text, publicKey, {
        algorithms: [ACCESS_TOKEN_ALGORITHM],
        typ: ACCESS_TOKEN_TYPE,
        ...this.#services.parties,
        requiredClaims: ['exp'],
        currentDate: new Date(this.#services.clock.nowMs()),
      });
      return payload;
    } catch (thrown) {
      // Only one that was signed here is told so much.
      throw refusedKey(thrown instanceof errors.JWTExpired ? 'key_expired' : 'invalid_api_key');
    }
  }

  async #publicKeyOf(text: string): Promise<CryptoKey | null> {
    const kid = kidOf(text);
    if (kid === null) return null;
    try {
      return await this.#services.findPublicKey(kid);
    } catch (cause) {
      const detail = 'The signing keys could not be read from the database';
      throw new TurnpikeError('unavailable', { cause, detail, retryAfterSeconds: 1 });
    }
  }

  #dropOldest(): void {
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest);
      return;
    }
  }
}

function kidOf(text: string): string | null {
  try {
    const { kid } = decodeProtectedHeader(text);
    return typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
}
