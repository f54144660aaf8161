import { expect, test } from 'bun:test';
import type { Principal } from '../auth/principal.ts';
import { RunningStreams } from './running-streams.ts';

/** A key as its stream was admitted with it. */
function keyOf(keyHash: string, members: Partial<Principal> = {}): Principal {
  return { keyHash, disabled: false, cutStreamsWhenRevoked: true, ...members } as Principal;
}

function watching(load: (hash: string) => Promise<Principal | null> = async () => null) {
  const memory = new Map<string, Principal | null>();
  const errors: unknown[] = [];
  const loaded: string[] = [];
  const streams = new RunningStreams({
    keys: {
      get: (hash) => memory.get(hash),
      load: (hash) => {
        loaded.push(hash);
        return load(hash);
      },
    },
    onError: (error) => errors.push(error),
  });
  const interrupted: string[] = [];
  const add = (principal: Principal, name = principal.keyHash) =>
    streams.add({ interrupt: ({ code }) => interrupted.push(`${name} ${code}`) }, principal);
  return { streams, memory, errors, loaded, interrupted, add };
}

test('a stream whose key is in memory as it came is taken in without a look at the database', async () => {
  const { memory, loaded, interrupted, add } = watching();
  const key = keyOf('a');
  memory.set('a', key);
  add(key);
  await Bun.sleep(0);
  expect([loaded, interrupted]).toEqual([[], []]);
});

test('a stream whose key changed before it was taken in ends when the key is gone or disabled, and goes on otherwise', async () => {
  const { memory, interrupted, add } = watching(async (hash) => (hash === 'forgotten' ? keyOf(hash) : null));
  memory.set('renamed', keyOf('renamed'));
  memory.set('disabled', keyOf('disabled', { disabled: true }));
  memory.set('absent', null);
  for (const hash of ['renamed', 'disabled', 'absent', 'deleted', 'forgotten']) add(keyOf(hash));
  await Bun.sleep(0);
  expect(interrupted.sort()).toEqual([
    'absent invalid_api_key',
    'deleted invalid_api_key',
    'disabled key_disabled',
  ]);
});

test('when changes may have been missed every key is looked at; ended streams are not, and one failure stops none', async () => {
  const { streams, memory, errors, interrupted, add } = watching(async (hash) => {
    if (hash === 'broken') throw new Error('no database');
    return null;
  });
  const keys = ['broken', 'one', 'two', 'spared'].map((hash) =>
    keyOf(hash, { cutStreamsWhenRevoked: hash !== 'spared' }),
  );
  for (const key of keys) memory.set(key.keyHash, key);
  const ends = keys.map((key) => add(key));
  add(keys[1]!, 'one again');
  ends[1]!();
  memory.clear();
  streams.recheck();
  await Bun.sleep(0);
  expect(interrupted.sort()).toEqual(['one again invalid_api_key', 'two invalid_api_key']);
  expect(errors).toEqual([new Error('no database')]);
});
