/** A whole gateway with a provider behind a package of the AI SDK: its bytes, its bill, and a start that cannot work. */
import { expect, test } from 'bun:test';
import { recorded } from '../../../src/providers/ai-sdk/__fixtures__/loopback.ts';
import { spawnGateway } from '../../harness.ts';

const models = [
  {
    id: 'cohere/command',
    context_length: 128_000,
    endpoints: [
      { provider: 'cohere', model: 'command-a', pricing: { prompt: '0.000001', completion: '0.000002' } },
    ],
  },
];

test('is answered, streamed and whole, and charged as its vendor bills', async () => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { stream } = (await request.json()) as { stream?: boolean };
      return recorded(stream === true ? 'cohere-tools.sse' : 'cohere-text.json');
    },
  });
  try {
    await using gateway = await spawnGateway({
      config: {
        providers: [
          {
            slug: 'cohere',
            format: 'ai-sdk:@ai-sdk/cohere',
            base_url: `http://127.0.0.1:${server.port}/v2`,
            api_key: 'of-the-provider',
          },
        ],
        models,
      },
    });
    const ask = (stream: boolean) =>
      fetch(`${gateway.url}/api/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}` },
        body: JSON.stringify({
          model: 'cohere/command',
          stream,
          messages: [{ role: 'user', content: 'What is the capital of France?' }],
        }),
      });
    const whole = await ask(false);
    expect(whole.status).toBe(200);
    expect(await whole.json()).toMatchObject({
      choices: [{ message: { content: 'The capital of France is Paris.' }, finish_reason: 'stop' }],
      // Twelve tokens and seven, as `billed_units` has them.
      usage: { prompt_tokens: 12, completion_tokens: 7, cost: 0.000026 },
    });
    const streamed = await (await ask(true)).text();
    expect(streamed).toContain('"name":"cityAttractions"');
    expect(streamed).toContain('"finish_reason":"tool_calls"');
    expect(streamed).toEndWith('data: [DONE]\n\n');
  } finally {
    await server.stop(true);
  }
});

test('does not start without what its package needs, and says what to set', async () => {
  const providers = [{ slug: 'bedrock', format: 'ai-sdk:@ai-sdk/amazon-bedrock' }];
  const started = spawnGateway({ config: { providers, models: [] } });
  await expect(started).rejects.toThrow('provider "bedrock": set settings.region, or AWS_REGION');
});
