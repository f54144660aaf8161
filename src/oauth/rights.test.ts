import { expect, test } from 'bun:test';
import type { Principal } from '../auth/principal.ts';
import type { KeyWish } from './bodies.ts';
import { mustBeWithin, narrowed, type Rights, rightsOf } from './rights.ts';

const nothing: KeyWish = { limitNanoUsd: null, limitReset: null, expiresAtMs: null, workspaceId: null };
const free: Rights = { expiresAtMs: null, workspaceId: 'w' };
const bound: Rights = { expiresAtMs: 1000, workspaceId: 'w' };

function principalOf(members: Partial<Principal>): Principal {
  return { limitNanoUsd: null, expiresAtMs: null, workspaceId: 'w', ...members } as Principal;
}

test('a key with a limit authorises nothing: several new keys would together spend more than it may', () => {
  expect(() => rightsOf(principalOf({ limitNanoUsd: 10n }))).toThrow('with a limit');
  expect(() => rightsOf(principalOf({ limitNanoUsd: 0n }))).toThrow('with a limit');
  expect(rightsOf(principalOf({ expiresAtMs: 1000 }))).toEqual(bound);
});

test('a key without bounds passes on whatever is asked for', () => {
  const wish: KeyWish = { limitNanoUsd: 99n, limitReset: 'daily', expiresAtMs: 5, workspaceId: 'w' };
  mustBeWithin(wish, free);
  expect(narrowed(wish, free)).toEqual({ ...wish, workspaceId: 'w' });
});

test('what is not asked for is bound by what the key has itself', () => {
  mustBeWithin(nothing, bound);
  expect(narrowed(nothing, bound)).toEqual({ ...nothing, expiresAtMs: 1000, workspaceId: 'w' });
});

test.each([
  ['expires_at', { expiresAtMs: 1001 }],
  ['workspace_id', { workspaceId: 'other' }],
] as const)('a %s beyond the rights of the key is refused by name', (field, excess) => {
  expect(() => mustBeWithin({ ...nothing, ...excess }, bound)).toThrow(field);
});

test('what the key lost since is not passed on', () => {
  const granted: KeyWish = { ...nothing, expiresAtMs: 2000, workspaceId: 'w' };
  expect(narrowed(granted, bound)).toMatchObject({ expiresAtMs: 1000 });
});
