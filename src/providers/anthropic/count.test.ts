import { expect, test } from 'bun:test';
import type { ChatPayload } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { FakeUpstream, RESET, SECRET } from '../__fixtures__/upstream.ts';
import { quirksOf } from '../vendors.ts';
import { countTokens } from './count.ts';

const BASE_URL = 'https://api.anthropic.com/v1';

function counting(body: JsonObject, headers: Record<string, string> = {}) {
  const upstream = new FakeUpstream();
  const payload: ChatPayload = {
    native: { dialect: 'anthropic-messages', body, headers },
    reasoning: null,
    prompt: () => {
      throw new Error('a request of the vendor’s own dialect is not taken apart');
    },
  };
  const counted = countTokens(upstream, {
    target: {
      ...{ baseUrl: BASE_URL, apiKey: SECRET, upstreamModel: 'claude-opus-4-6' },
      quirks: quirksOf(BASE_URL),
    },
    ...({ payload, dialect: 'anthropic-messages', timeoutMs: 5000 } as const),
  });
  return { upstream, counted };
}

// Request and answer of "Count tokens in a Message" in Anthropic's API reference.
test('the prompt goes as it is, with the caller’s betas and the vendor’s own name of the model', async () => {
  const prompt = {
    messages: [{ role: 'user', content: 'Hello, world' }],
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    tools: [{ name: 'Read', input_schema: { type: 'object' } }],
    thinking: { type: 'enabled', budget_tokens: 16_000 },
  };
  const { upstream, counted } = counting(
    { ...prompt, max_tokens: 32_000, temperature: 1, metadata: { user_id: 'u' } },
    { 'anthropic-beta': 'token-counting-2024-11-01' },
  );
  expect(upstream.requests[0]).toMatchObject({
    url: `${BASE_URL}/messages/count_tokens`,
    headers: {
      ...{ 'x-api-key': SECRET, 'anthropic-version': '2023-06-01' },
      'anthropic-beta': 'token-counting-2024-11-01',
    },
    timeouts: { firstByteMs: 5000, answerMs: 5000 },
  });
  expect(JSON.parse(String(upstream.requests[0]?.body))).toEqual({ model: 'claude-opus-4-6', ...prompt });
  upstream.play({ body: '{"input_tokens":2095}' });
  expect(await counted).toBe(2095);
});

test.each([
  [
    'a refusal',
    { status: 404, body: '{"type":"error","error":{"type":"not_found_error","message":"Not found"}}' },
  ],
  ['no count', { body: '{"input_tokens":null}' }],
  ['a count below nothing', { body: '{"input_tokens":-1}' }],
  ['no JSON', { body: '<html>' }],
  ['a broken connection', { body: '{"input', failure: RESET }],
])('%s is no count', async (_, answer) => {
  const { upstream, counted } = counting({ messages: [{ role: 'user', content: 'a' }] });
  upstream.play(answer);
  expect(await counted.then(String, (error: Error) => error.constructor.name)).toBe('ProviderError');
});
