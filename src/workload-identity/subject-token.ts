/** The token that a workload brings: whether it is one, whether its issuer signed it, and what it says. */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { hashOf } from '../auth/key-secret.ts';
import { IssuerUnavailable } from './issuer-keys.ts';

const ALGORITHMS = ['ES256', 'RS256'];
/** By how much an issuer's clock may be ahead of ours. */
const TOLERATED_SECONDS = 5;
const MAX_TEXT_LENGTH = 512;
const MAX_SCOPES = 16;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export interface SubjectToken {
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Empty when the claim is missing or not a list. */
  readonly scopes: readonly unknown[];
  readonly tokenType: unknown;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** The same for every copy of this token, and for no other of its issuer. */
  readonly identity: string;
}

/** Refused, for a reason that only the operator learns. */
export class SubjectTokenError extends Error {
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = 'SubjectTokenError';
  }
}

/** Whether it has the form of a signed JWT, whatever stands in it. */
export function isJwt(text: string): boolean {
  if (!COMPACT.test(text)) return false;
  try {
    return decodeProtectedHeader(text).alg !== undefined && decodeJwt(text) !== null;
  } catch {
    return false;
  }
}

/** Rejects with a `SubjectTokenError`, or with `IssuerUnavailable`. */
export async function verifySubjectToken(
  token: string,
  issuer: { url: string; findKey: JWTVerifyGetKey },
  nowMs: number,
): Promise<SubjectToken> {
  let payload: JWTPayload;
  try {
    payload = await verifiedPayload(token, issuer.findKey, {
      algorithms: ALGORITHMS,
      issuer: issuer.url,
      requiredClaims: ['sub', 'aud', 'exp'],
      currentDate: new Date(nowMs),
      clockTolerance: TOLERATED_SECONDS,
    });
  } catch (cause) {
    if (cause instanceof IssuerUnavailable) throw cause;
    throw new SubjectTokenError(cause instanceof Error ? cause.message : 'not valid', { cause });
  }
  return readClaims(payload, token);
}

/** A token need not say which of its issuer's keys signed it (RFC 7515, 4.1.4): then it is any of those of its algorithm. */
async function verifiedPayload(
  token: string,
  findKey: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, findKey, options)).payload;
  } catch (thrown) {
    if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown;
    for await (const key of thrown) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (refused) {
        if (!(refused instanceof errors.JWSSignatureVerificationFailed)) throw refused;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function readClaims(payload: JWTPayload, token: string): SubjectToken {
  const { sub, aud, exp, jti } = payload;
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  const scopes: unknown[] = Array.isArray(payload['scopes']) ? payload['scopes'] : [];
  if (!isShortText(sub)) throw new SubjectTokenError('"sub" is no text, or too long');
  if (!audiences.every(isShortText)) throw new SubjectTokenError('"aud" is no text, or too long');
  if (scopes.length > MAX_SCOPES) throw new SubjectTokenError('"scopes" is too long');
  if (exp === undefined) throw new SubjectTokenError('"exp" is missing');
  if (Number.isNaN(new Date(exp * 1000).getTime())) throw new SubjectTokenError('"exp" is no time');
  return {
    subject: sub,
    audiences,
    scopes,
    tokenType: payload['token_type'],
    expiresAt: Math.floor(exp),
    identity: identityOf(token, jti),
  };
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH;
}

/**
 * By its `jti`, which its issuer gives once (RFC 7519, 4.1.7), or by what was signed. The signature has no part in it: one text
 * can have several (an ECDSA signature has a twin), and each would pass for a token of its own.
 */
function identityOf(token: string, jti: unknown): string {
  const signed = token.slice(0, token.lastIndexOf('.'));
  return hashOf(typeof jti === 'string' && jti !== '' ? `jti ${jti}` : `jws ${signed}`);
}
