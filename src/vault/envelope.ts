/** One secret with a data key of its own: a new master key seals the data key again, and the secret stays as it is. */
import { newDataKey, openDataKey } from './data-key.ts';
import { openBytes, sealBytes } from './seal.ts';

export interface Envelope {
  readonly sealedDataKey: string;
  readonly sealedSecret: string;
}

/** `context` names the row, and whatever else the secret must not be moved away from. */
export function sealEnvelope(masterKey: Uint8Array, secret: string, context: string): Envelope {
  const { key, sealed } = newDataKey(masterKey, keyContext(context));
  return { sealedDataKey: sealed, sealedSecret: sealBytes(key, Buffer.from(secret, 'utf8'), context) };
}

/** Throws a `VaultError` where either part is another one's, was emptied or changed, or the master key is another one. */
export function openEnvelope(
  masterKey: Uint8Array,
  { sealedDataKey, sealedSecret }: Envelope,
  context: string,
): string {
  const key = openDataKey(masterKey, sealedDataKey, keyContext(context));
  return openBytes(key, sealedSecret, context).toString('utf8');
}

/** What a data key is bound to, for whoever seals it again. */
export function keyContext(context: string): string {
  return JSON.stringify(['data_key', context]);
}
