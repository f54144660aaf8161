/** Own keys at providers with APIs of their own: in the header that each reads, and at none that the operator's key goes to. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { ByokRig } from './rig.ts';

/** As documented by Anthropic (Messages API) and Google (Gemini API, generateContent); of OpenAI, an embedding. */
const ANSWERS: Readonly<Record<string, object>> = {
  messages: {
    ...{ id: 'msg_013Zva2CMHLNnjNjJKqJ2EF', type: 'message', role: 'assistant', model: 'claude-x' },
    ...{ content: [{ type: 'text', text: 'Hi!' }], stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 10, output_tokens: 3 },
  },
  generate: {
    candidates: [{ content: { parts: [{ text: 'Hi!' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3, totalTokenCount: 13 },
    modelVersion: 'gemini-x',
  },
  embeddings: {
    ...{ object: 'list', model: 'embed-x', usage: { prompt_tokens: 2, total_tokens: 2 } },
    data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
  },
};

const shown: (string | null)[] = [];
let server: ReturnType<typeof Bun.serve>;
let rig: ByokRig;
beforeAll(async () => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url, headers }) => {
      shown.push(headers.get('x-api-key') ?? headers.get('x-goog-api-key') ?? headers.get('authorization'));
      const kind = url.includes('/messages')
        ? 'messages'
        : url.includes(':generate')
          ? 'generate'
          : 'embeddings';
      return Response.json(ANSWERS[kind]);
    },
  });
  const base_url = `http://127.0.0.1:${server.port}/v1`;
  const provider = (slug: string, format: string) => ({ slug, format, base_url, api_key: 'of-the-operator' });
  const model = (slug: string, more: object = {}) => ({
    ...{ id: `${slug}/x`, context_length: 1000, max_completion_tokens: 100 },
    endpoints: [
      { provider: slug, model: `${slug}-x`, pricing: { prompt: '0.000001', completion: '0.000002' } },
    ],
    ...more,
  });
  rig = await ByokRig.start({
    config: {
      providers: [
        provider('claude', 'anthropic'),
        provider('gemini', 'google'),
        provider('vectors', 'openai'),
      ],
      models: [model('claude'), model('gemini'), model('vectors', { output_modalities: ['embeddings'] })],
    },
  });
});
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  await server?.stop(true);
});

test.each([
  ['claude', 'sk-ant-own-0123456789abcdef', 'sk-ant-own-0123456789abcdef'],
  ['gemini', 'AIzaSyOwn0123456789abcdef', 'AIzaSyOwn0123456789abcdef'],
])('%s is shown its caller’s key, by every door', async (slug, key, expected) => {
  await rig.bring(slug, key, { is_required: true });
  const messages = [{ role: 'user', content: 'Hi' }];
  for (const [path, body] of [
    ['/chat/completions', { messages }],
    ['/messages', { messages, max_tokens: 10 }],
    ['/responses', { input: 'Hi' }],
  ] as const) {
    shown.length = 0;
    const answer = await rig.call('POST', path, { model: `${slug}/x`, ...body }, rig.gateway.apiKey);
    expect([answer.status, answer.json.usage.is_byok, answer.json.usage.cost]).toEqual([200, true, 0]);
    expect(shown).toEqual([expected]);
  }
});

test('embeddings go out with their caller’s key', async () => {
  await rig.bring('vectors', 'sk-vectors-0123456789abcdef');
  shown.length = 0;
  const answer = await rig.call(
    'POST',
    '/embeddings',
    { model: 'vectors/x', input: 'Hi' },
    rig.gateway.apiKey,
  );
  expect([answer.status, answer.json.usage.is_byok, answer.json.usage.cost]).toEqual([200, true, 0]);
  expect(shown).toEqual(['Bearer sk-vectors-0123456789abcdef']);
});
