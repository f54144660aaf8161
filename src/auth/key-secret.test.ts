import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { isWellFormedKey, newKeySecret, parseKeySecret } from './key-secret.ts';

test('a new key has the published form, the checksum of zlib, the hash of the whole text and the mask', () => {
  for (let round = 0; round < 200; round += 1) {
    const { key, hash, label } = newKeySecret();
    expect(key).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
    expect(key.slice(65)).toBe(crc32(key.slice(0, 65)).toString(16).padStart(8, '0'));
    expect(hash).toBe(createHash('sha256').update(key).digest('hex'));
    expect(label).toBe(`sk-or-v1-${key.slice(9, 12)}...${key.slice(-3)}`);
    expect(parseKeySecret(key)).toEqual({ hash, label });
  }
});

test('new keys never repeat', () => {
  expect(new Set(Array.from({ length: 1000 }, () => newKeySecret().key)).size).toBe(1000);
});

test('a key with any one character changed is no key', () => {
  const { key } = newKeySecret();
  fc.assert(
    fc.property(
      fc.nat(72),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary-ascii' }),
      (at, character) => {
        fc.pre(key[at] !== character);
        expect(parseKeySecret(key.slice(0, at) + character + key.slice(at + 1))).toBeNull();
      },
    ),
    { numRuns: 500 },
  );
});

test('nothing is trimmed, folded or forgiven', () => {
  const { key, hash } = newKeySecret();
  const spoilt = [` ${key}`, `${key} `, `${key}\n`, `"${key}"`, `\t${key}`, `${key}\u00a0`, `${key}\0`];
  const reshaped = [
    key.toUpperCase(),
    `${key}0`,
    key.slice(0, -1),
    key.slice(9),
    hash,
    '',
    `sk-or-v1-${'0'.repeat(64)}`,
  ];
  for (const text of [...spoilt, ...reshaped]) expect(isWellFormedKey(text)).toBe(false);
});
