/** That a data key opens only in its own row, and what it sealed only with it. */
import { expect, test } from 'bun:test';
import { newDataKey, openDataKey } from './data-key.ts';
import { openBytes, sealBytes, VaultError } from './seal.ts';

const masterKey = new Uint8Array(32).fill(1);

test('what a data key sealed is opened with the key that its sealed form gives', () => {
  const { key, sealed } = newDataKey(masterKey, 'row-1');
  const content = sealBytes(key, Buffer.from('canary'), 'generation-1');
  const again = openDataKey(masterKey, sealed, 'row-1');
  expect(openBytes(again, content, 'generation-1').toString()).toBe('canary');
  expect(Buffer.from(sealed.slice(3), 'base64url').includes(Buffer.from(key))).toBe(false);
});

test('a data key of another row, of another master key, or one that was emptied opens nothing', () => {
  const { key, sealed } = newDataKey(masterKey, 'row-1');
  expect(() => openDataKey(masterKey, sealed, 'row-2')).toThrow(new VaultError());
  expect(() => openDataKey(new Uint8Array(32).fill(2), sealed, 'row-1')).toThrow(new VaultError());
  expect(() => openDataKey(masterKey, '', 'row-1')).toThrow(new VaultError());
  const content = sealBytes(key, Buffer.from('canary'), 'generation-1');
  expect(() => openBytes(key, content, 'generation-2')).toThrow(new VaultError());
  expect(() => openBytes(masterKey, content, 'generation-1')).toThrow(new VaultError());
});
