/** Secrets at rest: sealed with AES-256-GCM and bound to the row they belong to; and keyed hashes of what must stay unreadable. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

import { ringOf } from './key-ring.ts';

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Sealed text that cannot be opened. It says nothing more on purpose: a reason would be an oracle. */
export class VaultError extends Error {
  constructor() {
    super('The sealed value cannot be opened');
    this.name = 'VaultError';
  }
}

/** `v1.` and base64url of nonce, ciphertext and tag. `context` names the row; the same must be given to open it. */
export function seal(masterKey: Uint8Array, plaintext: string, context: string): string {
  return sealBytes(masterKey, Buffer.from(plaintext, 'utf8'), context);
}

/** As `seal`; the key may be a data key, too (`data-key.ts`). */
export function sealBytes(masterKey: Uint8Array, plaintext: Uint8Array, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, derive(ringOf(masterKey).sealWith, 'seal'), nonce, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(additionalData(context));
  const sealed = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${sealed.toString('base64url')}`;
}

/** The plaintext, or a `VaultError` when a bit, the context or the master key differs. */
export function open(masterKey: Uint8Array, sealed: string, context: string): string {
  return openBytes(masterKey, sealed, context).toString('utf8');
}

/** As `open`. */
export function openBytes(masterKey: Uint8Array, sealed: string, context: string): Buffer {
  const bytes = decode(sealed);
  for (const key of ringOf(masterKey).openWith) {
    const plaintext = openedWith(key, bytes, context);
    if (plaintext !== null) return plaintext;
  }
  throw new VaultError();
}

/** Null: this key, or the context, is another one, or a bit differs. */
function openedWith(masterKey: Uint8Array, bytes: Buffer, context: string): Buffer | null {
  const key = derive(masterKey, 'seal');
  try {
    // With the length fixed, a tag cut to a few bytes is refused instead of being checked in part.
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(additionalData(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    return null;
  }
}

/** HMAC-SHA-256 as hex: equal texts of one purpose have equal hashes, which nobody without the master key can guess. */
export function keyedHash(masterKey: Uint8Array, purpose: string, text: string): string {
  return createHmac('sha256', derive(ringOf(masterKey).hashWith, `keyed-hash/${purpose}`))
    .update(text, 'utf8')
    .digest('hex');
}

function decode(sealed: string): Buffer {
  const prefix = `${VERSION}.`;
  if (!sealed.startsWith(prefix)) throw new VaultError();
  const text = sealed.slice(prefix.length);
  const bytes = Buffer.from(text, 'base64url');
  // The decoder skips what it does not know and ignores spare bits; one value has one spelling here.
  if (bytes.toString('base64url') !== text) throw new VaultError();
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new VaultError();
  return bytes;
}

function additionalData(context: string): Buffer {
  return Buffer.from(`${VERSION}.${context}`, 'utf8');
}

/** A key of its own for every purpose, so that no use of one can tell anything about another (HKDF, RFC 5869). */
function derive(masterKey: Uint8Array, purpose: string): Uint8Array {
  if (masterKey.length !== KEY_BYTES) throw new RangeError(`A master key has ${KEY_BYTES} bytes`);
  return new Uint8Array(hkdfSync('sha256', masterKey, '', `turnpike/vault/${VERSION}/${purpose}`, KEY_BYTES));
}
