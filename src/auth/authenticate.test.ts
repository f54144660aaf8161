import { expect, test } from 'bun:test';
import { noAccessTokens } from '../../test/access-tokens.ts';
import { ManualClock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { createAuthenticator, type KeyAccess } from './authenticate.ts';
import { KeyCache } from './key-cache.ts';
import { newKeySecret } from './key-secret.ts';
import type { Principal } from './principal.ts';

const clock = new ManualClock(1_000_000);

function setUp() {
  const rows = new Map<string, Principal>();
  const state = { reads: 0 };
  const cache = new KeyCache({
    clock,
    feedReadAtMs: () => clock.nowMs(),
    async read(hash) {
      state.reads += 1;
      return rows.get(hash) ?? null;
    },
  });
  const authenticate = createAuthenticator({ cache, clock, accessTokens: noAccessTokens });
  const add = (changes: Partial<Principal> = {}) => {
    const { key, hash, label } = newKeySecret();
    const plain = { keyHash: hash, kind: 'api', accountId: 'a', workspaceId: 'w', name: 'n', label } as const;
    const limits = { limitNanoUsd: null, limitReset: null, includeByokInLimit: false } as const;
    const rest = { creatorUserId: null, externalUser: null, disabled: false, expiresAtMs: null, version: 1 };
    const policy = { cutStreamsWhenRevoked: false };
    rows.set(hash, { ...plain, ...limits, ...rest, ...policy, ...changes });
    return key;
  };
  const ask = async (key: string, access: KeyAccess = 'apiKey') => {
    try {
      const request = new Request('http://localhost/api/v1/key', {
        headers: { authorization: `Bearer ${key}` },
      });
      return (await authenticate(request, access)).keyHash;
    } catch (thrown) {
      if (!(thrown instanceof TurnpikeError)) throw thrown;
      return `${thrown.status} ${thrown.code} ${thrown.headers['WWW-Authenticate'] ?? ''}`.trim();
    }
  };
  return { state, authenticate, add, ask, rows, cache };
}

const INVALID = '401 invalid_api_key Bearer realm="turnpike", error="invalid_token"';
const EXPIRED = '401 key_expired Bearer realm="turnpike", error="invalid_token"';

test('a key in memory is admitted without a promise', async () => {
  const { add, ask, authenticate } = setUp();
  const key = add();
  await ask(key);
  const request = new Request('http://localhost/', { headers: { authorization: `Bearer ${key}` } });
  expect(authenticate(request, 'apiKey')).not.toBeInstanceOf(Promise);
});

test('malformed keys, the hash of a key among them, are refused without a look-up', async () => {
  const { state, add, ask } = setUp();
  const key = add();
  const hash = new Bun.CryptoHasher('sha256').update(key).digest('hex');
  const forged = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
  const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.';
  const shapes = [
    hash,
    forged,
    jwt,
    key.toUpperCase(),
    `"${key}"`,
    `${key}0`,
    key.slice(0, -1),
    `\t${key}`,
    `${key}\u00a0`,
  ];
  for (const text of [...shapes, "' OR '1'='1", 'x'.repeat(1_000_000)]) expect(await ask(text)).toBe(INVALID);
  expect(state.reads).toBe(0);
});

test('unknown keys are invalid, the first time and from memory', async () => {
  const { state, ask } = setUp();
  const { key } = newKeySecret();
  expect([await ask(key), await ask(key)]).toEqual([INVALID, INVALID]);
  expect(state.reads).toBe(1);
});

test('a key works until the instant it expires', async () => {
  const { add, ask } = setUp();
  const key = add({ expiresAtMs: clock.nowMs() + 10 });
  clock.advance(9);
  expect(await ask(key)).toMatch(/^[0-9a-f]{64}$/);
  clock.advance(1);
  expect(await ask(key)).toBe(EXPIRED);
});

test('a disabled key is forbidden, an expired and disabled one expired', async () => {
  const { add, ask } = setUp();
  expect(await ask(add({ disabled: true }))).toBe('403 key_disabled');
  expect(await ask(add({ disabled: true, expiresAtMs: 1 }))).toBe(EXPIRED);
});

test('each kind of key is kept to its own routes', async () => {
  const { add, ask } = setUp();
  const management = { kind: 'management', workspaceId: null } as const;
  expect(await ask(add(management), 'apiKey')).toBe('403 management_key_not_allowed');
  expect(await ask(add(), 'managementKey')).toBe('403 management_key_required');
  for (const [key, access] of [
    [add(), 'anyKey'],
    [add(management), 'anyKey'],
    [add(management), 'managementKey'],
  ] as const) {
    expect(await ask(key, access)).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('the state of a key is judged before its kind', async () => {
  const { add, ask } = setUp();
  expect(await ask(add({ disabled: true }), 'managementKey')).toBe('403 key_disabled');
});

test('administration trusts nothing in memory', async () => {
  const { add, ask, rows } = setUp();
  const key = add({ kind: 'management', workspaceId: null });
  await ask(key, 'anyKey');
  rows.clear();
  expect(await ask(key, 'managementKey')).toBe(INVALID);
});
