/** `X-OpenRouter-Metadata: enabled`: what routing did with a request, at every door, and nothing of it unasked. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { JsonObject } from '../../../src/json.ts';
import { type Bench, startBench } from '../faults/bench.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await startBench();
});
beforeEach(() => {
  bench.one.clearScripts();
  bench.anHourLater();
});
afterAll(() => bench?.stop());

const ENABLED = { 'x-openrouter-metadata': 'Enabled' };
const MESSAGES = [{ role: 'user', content: 'hi' }];

async function post(path: string, body: JsonObject, headers: Record<string, string> = ENABLED) {
  const answer = await fetch(`${bench.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bench.apiKey}`, ...headers },
    body: JSON.stringify({ model: 'test/pair', ...body }),
  });
  return { status: answer.status, text: await answer.text() };
}

const order = { provider: { order: ['one', 'two'] } };
const CHAT = { messages: MESSAGES, ...order };

/** After the first provider has failed. */
const AFTER_ONE_FAILED = {
  requested: 'test/pair',
  strategy: 'direct',
  region: null,
  summary: 'available=2, selected=two',
  attempt: 2,
  is_byok: false,
  endpoints: {
    total: 2,
    available: [
      { provider: 'one', model: 'test/pair', selected: false },
      { provider: 'two', model: 'test/pair', selected: true },
    ],
  },
  attempts: [
    { provider: 'one', model: 'test/pair', status: 500 },
    { provider: 'two', model: 'test/pair', status: 200 },
  ],
};

test.each([
  ['/chat/completions', CHAT],
  ['/messages', { ...CHAT, max_tokens: 50 }],
  ['/responses', { input: 'hi', ...order }],
  ['/completions', { prompt: 'hi', ...order }],
] as const)('%s tells it in a whole answer', async (path, body) => {
  bench.one.script({ behaviour: { status: 500 } });
  const { status, text } = await post(path, body);
  expect(status).toBe(200);
  expect(JSON.parse(text).openrouter_metadata).toEqual(AFTER_ONE_FAILED);
});

test.each([
  ['/chat/completions', CHAT, (last: JsonObject) => last],
  ['/messages', { ...CHAT, max_tokens: 50 }, (last: JsonObject) => last],
  ['/responses', { input: 'hi', ...order }, (last: JsonObject) => last['response'] as JsonObject],
  ['/completions', { prompt: 'hi', ...order }, (last: JsonObject) => last],
] as const)('%s tells it in the last frame of a stream, and in none before', async (path, body, holderOf) => {
  bench.one.script({ behaviour: { status: 500 } });
  const { text } = await post(path, { ...body, stream: true });
  const frames = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as JsonObject);
  const last = frames.at(-1) ?? {};
  expect(holderOf(last)['openrouter_metadata']).toEqual(AFTER_ONE_FAILED);
  expect(JSON.stringify(frames.slice(0, -1))).not.toContain('openrouter_metadata');
});

test('an error after routing has it too, at its own place', async () => {
  for (const [path, body] of [
    ['/chat/completions', CHAT],
    ['/messages', { ...CHAT, max_tokens: 50 }],
  ] as const) {
    bench.anHourLater();
    bench.one.script({ behaviour: { status: 429, headers: { 'retry-after': '9' } } });
    const { status, text } = await post(path, { ...body, provider: { only: ['one'] } });
    expect(status).toBe(429);
    expect(JSON.parse(text).openrouter_metadata).toMatchObject({
      summary: 'available=1, selected=none',
      attempt: 1,
      endpoints: { total: 2, available: [{ provider: 'one', selected: false }] },
      attempts: [{ provider: 'one', status: 429 }],
    });
    // Nobody is asked while it sits out, and that is told as well.
    const again = JSON.parse((await post(path, { ...body, provider: { only: ['one'] } })).text);
    expect(again.openrouter_metadata).toMatchObject({ attempt: 0, attempts: [] });
  }
});

test('an answer from another model than the first is a fallback', async () => {
  bench.one.script({ behaviour: { status: 500 } });
  const { text } = await post('/chat/completions', {
    model: 'test/single',
    models: ['test/pair'],
    messages: MESSAGES,
    provider: { order: ['two'] },
  });
  expect(JSON.parse(text).openrouter_metadata).toMatchObject({
    requested: 'test/single',
    strategy: 'fallback',
    endpoints: { total: 3 },
  });
});

test('the older name of the header does the same; another value, none, or an error before routing, nothing', async () => {
  const older = await post('/chat/completions', CHAT, {
    'x-openrouter-experimental-metadata': 'enabled',
  });
  expect(older.text).toContain('"openrouter_metadata"');
  for (const headers of [{}, { 'x-openrouter-metadata': 'disabled' }, { 'x-openrouter-metadata': 'yes' }])
    expect((await post('/chat/completions', CHAT, headers as Record<string, string>)).text).not.toContain(
      'openrouter_metadata',
    );
  const unknown = await post('/chat/completions', { ...CHAT, model: 'no/such' });
  expect([unknown.status, unknown.text.includes('openrouter_metadata')]).toEqual([400, false]);
});
