/** What happens to a running stream when its key is revoked: by default it finishes, and it ends at once where the owner asked for that. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { type Bench, chat, eventsOf, startBench } from '../faults/bench.ts';

/** What is promised while the change feed works. */
const WITHIN_MS = 2000;
const CHUNKS = 40;

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

/** A stream of two seconds, whose key is revoked after its first chunk; gives its events, and how long it went on after that. */
async function revokedStream(settings: object, revoke: (hash: string) => Promise<unknown>) {
  const { key, hash } = await makeKey(bench, { limit: 10, ...settings });
  const response = await chat(bench, { key, stream: true, fake: { chunks: CHUNKS, chunkDelayMs: 50 } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('no body');
  let text = (await reader.read()).value ?? '';
  await revoke(hash);
  const revokedAt = performance.now();
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  return { events: eventsOf(text), wentOnMs: performance.now() - revokedAt, hash };
}

const disable = (hash: string) => manage('PATCH', hash, { disabled: true });
const remove = (hash: string) => manage('DELETE', hash);

describe('a stream whose key is revoked', () => {
  test('finishes by default', async () => {
    const { events } = await revokedStream({}, disable);
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: CHUNKS } });
  }, 20_000);

  for (const [how, revoke] of Object.entries({ disabled: disable, deleted: remove })) {
    test(`ends with an error when the key is ${how} and its owner asked for that, charged for what was relayed`, async () => {
      const { events, wentOnMs, hash } = await revokedStream({ cut_streams_when_revoked: true }, revoke);
      expect(wentOnMs).toBeLessThan(WITHIN_MS);
      expect(events.at(-1).error.message).toContain('revoked');
      const row = (await bench.generations()).find(({ key_hash }) => key_hash === hash);
      expect(row).toMatchObject({ cancelled: 1, estimated: 1 });
      expect(row?.completion_tokens).toBeGreaterThan(0);
      expect(row?.completion_tokens).toBeLessThan(CHUNKS);
      expect(row?.cost_nano_usd).toBeGreaterThan(0n);
      expect(bench.one.stats.activeStreams).toBe(0);
    }, 20_000);
  }

  test('goes on when something else about the key changes', async () => {
    const { events } = await revokedStream({ cut_streams_when_revoked: true }, (hash) =>
      manage('PATCH', hash, { name: 'another name', limit: 0 }),
    );
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: CHUNKS } });
  }, 20_000);
});
