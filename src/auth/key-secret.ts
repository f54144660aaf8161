/** The text of a key: how one is made, and how a presented one is told from a look-alike without a look-up. */

const PREFIX = 'sk-or-v1-';
const RANDOM_BYTES = 28;
const CHECKSUM_HEX = 8;
const CHECKED_LENGTH = PREFIX.length + RANDOM_BYTES * 2;
const KEY_LENGTH = CHECKED_LENGTH + CHECKSUM_HEX;

const LOWER_HEX = /^[0-9a-f]+$/;

export interface KeySecret {
  /** The whole text, shown once and stored nowhere. */
  readonly key: string;
  readonly hash: string;
  readonly label: string;
}

/** 224 random bits, so that nobody meets a key by guessing; the checksum adds no secrecy. */
export function newKeySecret(): KeySecret {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)).toHex();
  const checked = PREFIX + random;
  const key = checked + checksumOf(checked);
  return { key, hash: hashOf(key), label: labelOf(key) };
}

/** Null unless the text is exactly one of our keys: nothing is trimmed, and the checksum is looked at before anything is hashed. */
export function parseKeySecret(text: string): { hash: string; label: string } | null {
  if (!isWellFormedKey(text)) return null;
  return { hash: hashOf(text), label: labelOf(text) };
}

export function isWellFormedKey(text: string): boolean {
  if (text.length !== KEY_LENGTH || !text.startsWith(PREFIX)) return false;
  if (!LOWER_HEX.test(text.slice(PREFIX.length))) return false;
  return checksumOf(text.slice(0, CHECKED_LENGTH)) === text.slice(CHECKED_LENGTH);
}

/** SHA-256 of the whole text, prefix included. It is public, and authenticates nothing. */
export function hashOf(text: string): string {
  return Bun.SHA256.hash(text, 'hex');
}

/** `sk-or-v1-abc...123`: enough for its owner to recognise a key, useless to anyone else. */
function labelOf(key: string): string {
  return `${key.slice(0, PREFIX.length + 3)}...${key.slice(-3)}`;
}

/** CRC-32 (IEEE, as zlib) as 8 lower-case hex digits. */
function checksumOf(checked: string): string {
  return Bun.hash.crc32(checked).toString(16).padStart(CHECKSUM_HEX, '0');
}
