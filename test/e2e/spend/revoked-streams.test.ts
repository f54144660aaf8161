/** What happens to a running stream when its key is revoked: by default it finishes, and it ends at once where the owner asked for that. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type MadeKey, makeKey } from '../../harness.ts';
import { type Bench, chat, eventsOf, type Json, startBench, until } from '../faults/bench.ts';

const CHUNKS = 8;

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.stop());

async function manage(method: string, hash: string, body?: object): Promise<Response> {
  return await fetch(`${bench.baseUrl}/keys/${hash}`, {
    method,
    headers: { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A stream that pauses for `revoke`, which is called after its first chunk; gives its events. */
async function revokedStream(
  settings: object,
  behaviour: Json,
  revoke: (made: MadeKey) => Promise<unknown>,
): Promise<{ events: Json[]; hash: string }> {
  const made = await makeKey(bench, { limit: 10, ...settings });
  const { promise: isRevoked, resolve } = Promise.withResolvers<void>();
  const held = { holdAfterChunks: CHUNKS / 2, holdUntil: isRevoked };
  bench.one.script({ behaviour: { chunks: CHUNKS, ...held, ...behaviour } });
  const response = await chat(bench, { key: made.key, stream: true });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('no body');
  let text = (await reader.read()).value ?? '';
  await revoke(made);
  resolve();
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  return { events: eventsOf(text), hash: made.hash };
}

const disable = ({ hash }: MadeKey) => manage('PATCH', hash, { disabled: true });
const remove = ({ hash }: MadeKey) => manage('DELETE', hash);

/** The gateway goes by the change already: it refuses whoever asks anew. */
async function isRefused({ key }: MadeKey, status: number): Promise<void> {
  expect(await until(async () => (await chat(bench, { key })).status === status)).toBe(true);
}

/** Ends only when it is cut. */
const HANGING = { hang: 'mid-stream', hangAfterChunks: CHUNKS / 2 } as const;

describe('a stream whose key is revoked', () => {
  test('finishes by default', async () => {
    const { events } = await revokedStream({}, {}, async (made) => {
      await disable(made);
      await isRefused(made, 403);
    });
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: CHUNKS } });
  });

  for (const [how, revoke] of Object.entries({ disabled: disable, deleted: remove })) {
    test(`ends with an error when the key is ${how} and its owner asked for that, charged for what was relayed`, async () => {
      const settings = { cut_streams_when_revoked: true };
      const { events, hash } = await revokedStream(settings, HANGING, revoke);
      expect(events.at(-1).error.message).toContain('revoked');
      const row = (await bench.generations()).find(({ key_hash }) => key_hash === hash);
      expect(row).toMatchObject({ cancelled: 1, estimated: 1 });
      expect(row?.completion_tokens).toBeGreaterThan(0);
      expect(row?.completion_tokens).toBeLessThan(CHUNKS);
      expect(row?.cost_nano_usd).toBeGreaterThan(0n);
      expect(await until(() => bench.one.stats.activeStreams === 0)).toBe(true);
    });
  }

  for (const [how, revoke, status] of [
    ['disabled', disable, 403],
    ['deleted', remove, 401],
  ] as const) {
    test(`ends with an error at its first token when the key was ${how} before that`, async () => {
      const made = await makeKey(bench, { limit: 10, cut_streams_when_revoked: true });
      const { promise: isRevoked, resolve } = Promise.withResolvers<void>();
      bench.one.script({ behaviour: { chunks: CHUNKS, holdUntil: isRevoked, ...HANGING } });
      const asked = bench.one.requests.length;
      const answering = chat(bench, { key: made.key, stream: true });
      expect(await until(() => bench.one.requests.length > asked)).toBe(true);
      await revoke(made);
      await isRefused(made, status);
      resolve();
      const text = await Promise.race([(await answering).text(), Bun.sleep(5000).then(() => '')]);
      expect(JSON.stringify(eventsOf(text).at(-1))).toContain('revoked');
    });
  }

  test('goes on when something else about the key changes', async () => {
    const settings = { cut_streams_when_revoked: true };
    const { events } = await revokedStream(settings, {}, async (made) => {
      await manage('PATCH', made.hash, { name: 'another name', limit: 0 });
      await isRefused(made, 402);
    });
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: CHUNKS } });
  });
});
