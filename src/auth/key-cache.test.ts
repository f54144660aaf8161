import { expect, test } from 'bun:test';
import { ManualClock } from '../clock.ts';
import { KeyCache, STALENESS_LIMIT_MS } from './key-cache.ts';
import type { Principal } from './principal.ts';

function principal(keyHash: string, version = 1): Principal {
  return {
    keyHash,
    kind: 'api',
    accountId: 'account',
    workspaceId: 'workspace',
    name: 'name',
    label: 'label',
    creatorUserId: null,
    externalUser: null,
    limitNanoUsd: null,
    limitReset: null,
    includeByokInLimit: false,
    disabled: false,
    expiresAtMs: null,
    cutStreamsWhenRevoked: false,
    version,
  };
}

/** A cache over a table whose reads finish when they are told to, or at once. */
function setUp(options: { maxKeys?: number; maxAbsent?: number; held?: boolean } = {}) {
  const clock = new ManualClock(1_000_000);
  const rows = new Map<string, Principal>();
  const waiting: (() => void)[] = [];
  const state = { reads: 0, down: false, feedReadAtMs: clock.nowMs() as number | null };
  const cache = new KeyCache({
    clock,
    feedReadAtMs: () => state.feedReadAtMs,
    async read(hash) {
      state.reads += 1;
      const seen = rows.get(hash) ?? null;
      if (options.held) await new Promise<void>((resolve) => waiting.push(resolve));
      if (state.down) throw new Error('connection refused');
      return seen;
    },
    ...(options.maxKeys !== undefined && { maxKeys: options.maxKeys }),
    ...(options.maxAbsent !== undefined && { maxAbsent: options.maxAbsent }),
  });
  return { cache, clock, rows, state, waiting };
}

test('a loaded key is answered from memory', async () => {
  const { cache, rows, state } = setUp();
  rows.set('a', principal('a'));
  expect(cache.get('a')).toBeUndefined();
  expect(await cache.load('a')).toEqual(principal('a'));
  expect(cache.get('a')).toEqual(principal('a'));
  expect(state.reads).toBe(1);
});

test('callers at the same time share one read', async () => {
  const { cache, rows, state, waiting } = setUp({ held: true });
  rows.set('a', principal('a'));
  const loads = Array.from({ length: 50 }, () => cache.load('a'));
  waiting.shift()?.();
  expect(await Promise.all(loads)).toEqual(Array(50).fill(principal('a')));
  expect(state.reads).toBe(1);
});

test('a read that a change overtakes is repeated, and its result never kept', async () => {
  const { cache, rows, state, waiting } = setUp({ held: true });
  rows.set('a', principal('a', 1));
  const load = cache.load('a');
  rows.set('a', principal('a', 2));
  cache.invalidate('a');
  waiting.shift()?.();
  await Bun.sleep(0);
  waiting.shift()?.();
  expect((await load)?.version).toBe(2);
  expect(cache.get('a')?.version).toBe(2);
  expect(state.reads).toBe(2);
});

test('a caller who comes after a change does not join the read that began before it', async () => {
  const { cache, rows, waiting } = setUp({ held: true });
  rows.set('a', principal('a', 1));
  const early = cache.load('a');
  rows.set('a', principal('a', 2));
  cache.invalidate('a');
  const late = cache.load('a');
  waiting[1]?.();
  expect((await late)?.version).toBe(2);
  waiting[0]?.();
  expect((await early)?.version).toBe(2);
  expect(cache.get('a')?.version).toBe(2);
});

test('an older version never replaces a newer one', async () => {
  const { cache, rows } = setUp();
  rows.set('a', principal('a', 7));
  await cache.load('a');
  rows.set('a', principal('a', 6));
  await cache.load('a');
  expect(cache.get('a')?.version).toBe(7);
});

test('an unknown key is refused from memory for ten seconds', async () => {
  const { cache, clock, state } = setUp();
  expect(await cache.load('x')).toBeNull();
  clock.advance(9_999);
  expect(cache.get('x')).toBeNull();
  clock.advance(1);
  expect(cache.get('x')).toBeUndefined();
  expect(state.reads).toBe(1);
});

test('a key made while it was known to be absent works at once', async () => {
  const { cache, rows } = setUp();
  await cache.load('x');
  rows.set('x', principal('x'));
  cache.invalidate('x');
  expect(cache.get('x')).toBeUndefined();
  expect(await cache.load('x')).toEqual(principal('x'));
});

test('a flood of unknown keys neither grows memory without end nor drops a known key', async () => {
  const { cache, rows } = setUp({ maxAbsent: 100 });
  rows.set('a', principal('a'));
  await cache.load('a');
  for (let index = 0; index < 1000; index += 1) await cache.load(`x${index}`);
  expect(cache.size).toEqual({ keys: 1, absent: 100, loading: 0 });
  expect(cache.get('a')).toEqual(principal('a'));
});

test('the number of keys is bounded, and the ones in use stay', async () => {
  const { cache, rows } = setUp({ maxKeys: 100 });
  for (let index = 0; index < 500; index += 1) {
    rows.set(`k${index}`, principal(`k${index}`));
    await cache.load(`k${index}`);
    expect(cache.get('k0')).toEqual(principal('k0'));
    expect(cache.size.keys).toBeLessThanOrEqual(100);
  }
});

test('a gap in the feed forgets everything', async () => {
  const { cache, rows } = setUp();
  rows.set('a', principal('a'));
  await cache.load('a');
  await cache.load('x');
  cache.clear();
  expect(cache.get('a')).toBeUndefined();
  expect(cache.get('x')).toBeUndefined();
});

test('without a database, held keys serve for a minute and everything else is 503', async () => {
  const { cache, clock, rows, state } = setUp();
  rows.set('a', principal('a'));
  await cache.load('a');
  state.down = true;
  clock.advance(STALENESS_LIMIT_MS);
  expect(cache.get('a')).toEqual(principal('a'));
  await expect(cache.load('b')).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
    retryAfterSeconds: 1,
  });
  clock.advance(1);
  expect(cache.get('a')).toBeUndefined();
  await expect(cache.load('a')).rejects.toMatchObject({ code: 'unavailable' });
  state.down = false;
  state.feedReadAtMs = clock.nowMs();
  expect(cache.get('a')).toEqual(principal('a'));
});

test('before the feed has begun nothing is served from memory', async () => {
  const { cache, rows, state } = setUp();
  state.feedReadAtMs = null;
  rows.set('a', principal('a'));
  expect(await cache.load('a')).toEqual(principal('a'));
  expect(cache.size.keys).toBe(0);
});

test('a thousand changes racing loads end with what the database says', async () => {
  const { cache, rows } = setUp();
  rows.set('a', principal('a', 0));
  const loads: Promise<unknown>[] = [];
  for (let version = 1; version <= 1000; version += 1) {
    loads.push(cache.load('a'));
    rows.set('a', principal('a', version));
    cache.invalidate('a');
    if (version % 7 === 0) await Bun.sleep(0);
  }
  await Promise.all(loads);
  expect((cache.get('a') ?? (await cache.load('a')))?.version).toBe(1000);
});
