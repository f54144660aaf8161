/** What a client gets, and pays, when a provider keeps to an output cap under a limit, and when it does not. */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { type Ask, type Bench, chat, eventsOf, type Json, startBench, until } from '../faults/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterEach(() => {
  bench.one.clearScripts();
  bench.one.clearRequests();
});
afterAll(() => bench.stop());

/** Goes on far beyond any cap of these tests, with some ten tokens a chunk. */
const ENDLESS = { ignoreMaxTokens: true, chunks: 200, chunkDelayMs: 2, chunkText: 'x'.repeat(40) };

/** The closing event of a stream, and its reasons to end. */
async function streamed(limit: number | null, ask: Ask): Promise<{ usage: Json; reasons: string[] }> {
  const { key } = await makeKey(bench, limit === null ? {} : { limit });
  const response = await chat(bench, { ...ask, key, stream: true });
  const events = eventsOf(await response.text());
  const reasons = events.flatMap(({ choices }) => choices.map((choice: Json) => choice.finish_reason));
  return { usage: events.at(-1).usage, reasons: reasons.filter((reason) => reason !== null) };
}

test('under a limit, a provider that ignores the cap is stopped, and the cap is charged', async () => {
  bench.one.script({ behaviour: ENDLESS });
  const { usage, reasons } = await streamed(10, { body: { max_tokens: 5 } });
  expect([usage.completion_tokens, reasons]).toEqual([5, ['length']]);
  expect(await until(() => bench.one.requests[0]?.ended !== undefined)).toBe(true);
  expect(bench.one.requests[0]?.ended).toBe('client-left');
});

test('without a limit nobody is stopped: what the provider counts is what is charged', async () => {
  bench.one.script({ behaviour: ENDLESS });
  const { usage, reasons } = await streamed(null, { body: { max_tokens: 5 } });
  expect([usage.completion_tokens, reasons]).toEqual([200, ['stop']]);
});

test('the cap is for each choice: several that keep to it are not cut off', async () => {
  bench.one.script({ behaviour: { chunkDelayMs: 20 } });
  const { usage, reasons } = await streamed(10, {
    text: 'extraordinary circumstances notwithstanding',
    body: { max_tokens: 3, n: 2 },
  });
  expect([usage.completion_tokens, reasons]).toEqual([6, ['stop', 'stop']]);
});

test('where a provider counts nothing, the words of every choice are estimated', async () => {
  bench.one.script({ times: 'always', behaviour: { usage: null } });
  const counted: number[] = [];
  for (const n of [1, 2]) {
    const response = await chat(bench, { text: 'one two three four', body: { n } });
    counted.push(((await response.json()) as Json).usage.completion_tokens);
  }
  expect(counted[1]).toBeGreaterThan(1.5 * counted[0]!);
});

test('a wish without measure is refused with what could be afforded, reaches no provider, and holds nothing', async () => {
  const { key } = await makeKey(bench, { limit: 1 });
  const ask = async (body: Record<string, unknown>) => {
    const response = await chat(bench, { key, body });
    return { status: response.status, error: ((await response.json()) as Json).error };
  };
  for (const body of [{ max_tokens: 1_000_000_000 }, { n: 128, max_tokens: 100_000 }]) {
    const { status, error } = await ask(body);
    expect([status, error.metadata.error_code]).toEqual([402, 'key_limit_exceeded']);
    expect(error.message).toContain('can only afford');
  }
  for (const body of [{ max_tokens: -1 }, { max_tokens: 1.5 }, { max_tokens: 1e300 }, { n: 129 }, { n: 0 }])
    expect([body, (await ask(body)).status]).toEqual([body, 400]);
  expect(bench.one.requests).toEqual([]);
  // All of the limit is there for whoever comes next.
  expect((await ask({ max_tokens: 400_000 })).status).toBe(200);
});
