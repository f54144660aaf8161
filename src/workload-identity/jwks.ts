/** A JWK Set (RFC 7517) of somebody else, as far as it can be used here. No I/O. */
import type { JSONWebKeySet, JWK } from 'jose';
import { isJsonObject } from '../json.ts';

/** More than any provider shows; each may be tried. */
const MAX_KEYS = 100;

/** Throws for what is no key set. Keys of other kinds than ours are left out: providers show more than they sign with. */
export function parseJwks(text: string): JSONWebKeySet {
  const found: unknown = JSON.parse(text);
  const keys = isJsonObject(found) ? found['keys'] : undefined;
  if (!Array.isArray(keys)) throw new Error('A JWK Set has a list of keys');
  if (keys.length > MAX_KEYS) throw new Error(`A JWK Set has at most ${MAX_KEYS} keys`);
  return { keys: keys.filter(isVerificationKey) };
}

/** What is wrong with a key set that is to be pinned, as the rest of a sentence; null: nothing. */
export function pinnedJwksFault(value: unknown): string | null {
  if (!isJsonObject(value) || !Array.isArray(value['keys'])) return 'must be a JWK Set: {"keys": […]}';
  const keys: unknown[] = value['keys'];
  if (keys.some(isPrivate)) return 'must hold public keys only; whoever knows a private key can sign with it';
  if (keys.length === 0 || keys.length > MAX_KEYS) return `must hold 1 to ${MAX_KEYS} keys`;
  return keys.every(isVerificationKey) ? null : 'must hold RSA keys or EC keys of P-256 only, for signatures';
}

function isPrivate(key: unknown): boolean {
  return isJsonObject(key) && (key['d'] !== undefined || key['k'] !== undefined);
}

function isVerificationKey(key: unknown): key is JWK {
  if (!isJsonObject(key) || isPrivate(key)) return false;
  const text = (name: string) => typeof key[name] === 'string';
  if (key['use'] !== undefined && key['use'] !== 'sig') return false;
  if (key['kty'] === 'RSA') return text('n') && text('e');
  return key['kty'] === 'EC' && key['crv'] === 'P-256' && text('x') && text('y');
}
