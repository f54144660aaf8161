/** That a sealed secret opens only whole, only in its own row, and only with its own key. */
import { describe, expect, test } from 'bun:test';
import { keyedHash, open, seal, VaultError } from './seal.ts';

const masterKey = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);
const context = 'byok/0190/openai/https://api.openai.com';
const secret = 'sk-proj-canary-5b1e';

test.each(['', 'a', secret, 'ключ 🔑\n\0', 'x'.repeat(100_000)])(
  'what is sealed is opened again',
  (plaintext) => {
    expect(open(masterKey, seal(masterKey, plaintext, context), context)).toBe(plaintext);
  },
);

test('the sealed form is v1 and base64url, and twice the same secret is never twice the same text', () => {
  const sealed = seal(masterKey, secret, context);
  expect(sealed).toMatch(/^v1\.[A-Za-z0-9_-]+$/);
  expect(Buffer.from(sealed.slice(3), 'base64url').includes('canary')).toBe(false);
  expect(seal(masterKey, secret, context)).not.toBe(sealed);
});

describe('nothing else opens', () => {
  const sealed = seal(masterKey, secret, context);
  const bytes = Buffer.from(sealed.slice(3), 'base64url');
  const refused = (text: string, key = masterKey, row = context) => {
    expect(() => open(key, text, row)).toThrow(new VaultError());
  };

  test('with any bit of any byte flipped', () => {
    for (let index = 0; index < bytes.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[index] = changed[index]! ^ (1 << bit);
        refused(`v1.${changed.toString('base64url')}`);
      }
    }
  });

  test('with any character replaced, spare bits of the last one included', () => {
    for (let index = 0; index < sealed.length; index++) {
      for (const character of ['A', '_', '=', ' ', '.']) {
        const changed = sealed.slice(0, index) + character + sealed.slice(index + 1);
        if (changed !== sealed) refused(changed);
      }
    }
  });

  test('cut to any length, at either end, or lengthened', () => {
    for (let length = 0; length < bytes.length; length++) {
      refused(`v1.${bytes.subarray(0, length).toString('base64url')}`);
      refused(`v1.${bytes.subarray(bytes.length - length).toString('base64url')}`);
    }
    refused(`${sealed}A`);
    refused(`${sealed}=`);
    refused(`${sealed}\n`);
  });

  test('in another row, with another master key, or under another version', () => {
    refused(sealed, masterKey, `${context}/`);
    refused(sealed, masterKey, '');
    refused(sealed, otherKey);
    refused(sealed.replace('v1', 'v2'));
    refused('');
  });
});

test('a master key of another length is a mistake of the program', () => {
  expect(() => seal(new Uint8Array(16), secret, context)).toThrow(RangeError);
});

test('a keyed hash is stable, and another for every text, purpose and master key', () => {
  const hash = keyedHash(masterKey, 'end-user', 'alice');
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(keyedHash(masterKey, 'end-user', 'alice')).toBe(hash);
  expect(keyedHash(masterKey, 'end-user', 'alicf')).not.toBe(hash);
  expect(keyedHash(masterKey, 'session', 'alice')).not.toBe(hash);
  expect(keyedHash(otherKey, 'end-user', 'alice')).not.toBe(hash);
});
