/**
 * Members that OpenRouter's newest official clients require (the Python package `openrouter` 1.3.84) and the TypeScript one,
 * which the other file runs, does not know yet: without one of them the whole answer is refused.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

async function read(path: string, key: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: Record<string, unknown> }).data;
}

async function chat(key: string): Promise<void> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'acme/small',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'one two three' }],
    }),
  });
  expect(answer.status).toBe(200);
}

test('an endpoint states its native tools, its service tier and that it tells no speakers apart', async () => {
  const { endpoints } = await read('/models/acme/small/endpoints', gateway.apiKey);
  expect((endpoints as object[])[0]).toMatchObject({
    native_tools: {},
    service_tier: null,
    supports_diarization: false,
  });
});

test('a key states when it was last used, and null before its first use', async () => {
  const { key, hash } = await makeKey(gateway);
  expect(await read(`/keys/${hash}`, gateway.managementKey)).toHaveProperty('last_used_at', null);
  const before = Date.now();
  await chat(key);
  const { last_used_at } = await read(`/keys/${hash}`, gateway.managementKey);
  expect(Date.parse(last_used_at as string)).toBeWithin(before, Date.now() + 1);
  const listed = (await read('/keys', gateway.managementKey)) as unknown as Record<string, unknown>[];
  expect(listed.find((row) => row['hash'] === hash)?.['last_used_at']).toBe(last_used_at);
});

test('a key without a limit has no budget', async () => {
  expect(await read('/key', gateway.apiKey)).toMatchObject({ budgets: [], effective_budget: null });
});

test("a key's own limit is its one budget, with what was spent of it and when it starts anew", async () => {
  const { key } = await makeKey(gateway, { limit: 2, limit_reset: 'daily' });
  await chat(key);
  const tomorrow = new Date();
  tomorrow.setUTCHours(24, 0, 0, 0);
  const budget = {
    scope: 'key_limit',
    limit_usd: 2,
    spend_usd: 0.00010285,
    remaining_usd: 1.99989715,
    reset_interval: 'daily',
    resets_at: tomorrow.toISOString(),
    include_byok: false,
    guardrail_id: null,
    budget_id: null,
  };
  expect(await read('/key', key)).toMatchObject({ budgets: [budget], effective_budget: budget });
});
