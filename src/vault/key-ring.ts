/**
 * What stands behind a master key while another one takes its place. Whoever seals and opens goes on to name the key that the process
 * was started with; which keys that means is learnt from the database (`installation/master-key-change.ts`).
 */

export interface KeyRing {
  readonly sealWith: Uint8Array;
  /** The most likely one first. */
  readonly openWith: readonly Uint8Array[];
  readonly hashWith: Uint8Array;
}

const rings = new WeakMap<Uint8Array, KeyRing>();

/** By the identity of the bytes: a process has its master key once. */
export function setRing(masterKey: Uint8Array, ring: KeyRing): void {
  rings.set(masterKey, ring);
}

/** Also of a data key, which stands for itself alone. */
export function ringOf(key: Uint8Array): KeyRing {
  return rings.get(key) ?? { sealWith: key, openWith: [key], hashWith: key };
}
