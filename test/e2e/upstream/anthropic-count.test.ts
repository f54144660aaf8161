/** `count_tokens` through the whole gateway: the vendor's own count where it has one, and an estimate where it does not say. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { getJson } from '../faults/bench.ts';

let answer = () => Response.json({ input_tokens: 2095 });
const asked: { path: string; body: Record<string, unknown> }[] = [];
/** The keys that it was shown. */
const shown: (string | null)[] = [];
const vendor = Bun.serve({
  ...{ port: 0, hostname: '127.0.0.1' },
  async fetch(request) {
    const { pathname } = new URL(request.url);
    shown.push(request.headers.get('x-api-key'));
    asked.push({ path: pathname, body: (await request.json()) as Record<string, unknown> });
    return answer();
  },
});
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      providers: [
        {
          ...{ slug: 'anthropic', format: 'anthropic', api_key: 'k' },
          base_url: `http://127.0.0.1:${vendor.port}/v1`,
        },
      ],
      models: [
        {
          ...{ id: 'anthropic/claude-opus-4.5', context_length: 200_000, max_completion_tokens: 64_000 },
          endpoints: [
            {
              ...{ provider: 'anthropic', model: 'claude-opus-4-5' },
              pricing: { prompt: '0.000005', completion: '0.000025' },
            },
          ],
        },
      ],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await vendor.stop(true);
});
beforeEach(() => {
  asked.length = 0;
  shown.length = 0;
});

const count = (apiKey: string, text = 'Hello, world') =>
  new Anthropic({ apiKey, baseURL: `${gateway.url}/api`, maxRetries: 0 }).messages.countTokens({
    ...{ model: 'claude-opus-4-5', messages: [{ role: 'user', content: text }] },
  });

test('the vendor counts, and nobody pays for it', async () => {
  const { key } = await makeKey(gateway, { limit: 1 });
  expect(await count(key)).toEqual({ input_tokens: 2095 });
  expect(asked).toEqual([
    {
      path: '/v1/messages/count_tokens',
      body: { model: 'claude-opus-4-5', messages: [{ role: 'user', content: 'Hello, world' }] },
    },
  ]);
  expect((await getJson(gateway, '/key', key)).data.usage).toBe(0);
});

test('a caller’s own key counts where it would serve, and nobody else’s when it cannot', async () => {
  const caller = await makeKey(gateway);
  const own = 'sk-ant-own-0123456789abcdef';
  const made = await fetch(`${gateway.baseUrl}/byok`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.managementKey}` },
    body: JSON.stringify({ provider: 'anthropic', key: own, allowed_api_key_hashes: [caller.hash] }),
  });
  expect(made.status).toBe(201);
  expect(await count(caller.key)).toEqual({ input_tokens: 2095 });
  expect(await count(gateway.apiKey)).toEqual({ input_tokens: 2095 });
  expect(shown).toEqual([own, 'k']);
  // It is refused: what the operator has is not asked in its place.
  answer = () => Response.json({ type: 'error', error: {} }, { status: 401 });
  await count(caller.key);
  expect(shown.slice(2)).toEqual([own]);
});

test.each([
  ['has no such path', () => Response.json({ error: {} }, { status: 404 })],
  ['is full', () => Response.json({ type: 'error', error: {} }, { status: 429 })],
  ['says something else', () => Response.json({ tokens: 'many' })],
])('a vendor that %s is no failure: the count is an estimate', async (_, other) => {
  answer = other;
  const { input_tokens: tokens } = await count(gateway.apiKey, 'x'.repeat(4000));
  expect(asked).toHaveLength(1);
  expect(tokens).toBeGreaterThan(500);
  expect(tokens).toBeLessThan(2000);
});
