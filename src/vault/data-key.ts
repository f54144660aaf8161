/**
 * Envelope encryption: much data is sealed with keys of its own, which the master key seals. Whoever empties the sealed form of one
 * makes everything that it sealed unreadable at once, however many rows that is.
 */
import { randomBytes } from 'node:crypto';
import { openBytes, sealBytes } from './seal.ts';

const KEY_BYTES = 32;

export interface DataKey {
  /** 32 bytes, for `sealBytes` and `openBytes`; never stored. */
  readonly key: Uint8Array;
  /** What is stored. */
  readonly sealed: string;
}

/** `context` names the row that it will stand in. */
export function newDataKey(masterKey: Uint8Array, context: string): DataKey {
  const key = randomBytes(KEY_BYTES);
  return { key, sealed: sealBytes(masterKey, key, context) };
}

/** Throws a `VaultError` for a key of another row, an emptied one, or another master key. */
export function openDataKey(masterKey: Uint8Array, sealed: string, context: string): Uint8Array {
  return openBytes(masterKey, sealed, context);
}
