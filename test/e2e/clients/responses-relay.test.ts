/** OpenAI's own Responses behind the gateway: its recorded events reach the client, and are paid for; and what a stop does to sockets. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { becomesTrueWithin } from '../../../src/clock.ts';
import { makeKey, spawnGateway, startGateway, type TestGateway } from '../../harness.ts';

type Json = Record<string, unknown>;

const RECORDINGS = join(import.meta.dir, '../../../src/providers/openai-compatible/__fixtures__/responses');
const recorded = (name: string) => readFileSync(join(RECORDINGS, name), 'utf8');

let upstream: ReturnType<typeof Bun.serve>;
let gateway: TestGateway;
let client: OpenAI;
const asked: { path: string; body: Json }[] = [];
/** What it answers next. */
let answer: () => Response;

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      asked.push({ path: new URL(request.url).pathname, body: (await request.json()) as Json });
      return answer();
    },
  });
  const pricing = { prompt: '0.000001', completion: '0.000002' };
  const policy = { training: false, retains_prompts: false };
  gateway = await startGateway({
    config: {
      providers: [
        {
          ...{
            slug: 'own',
            name: 'Own',
            api_key: 'key-of-the-operator',
            data_policy: policy,
            quirks: { responses: true },
          },
          base_url: `http://127.0.0.1:${upstream.port}/v1`,
        },
      ],
      models: [
        {
          ...{ id: 'own/gpt', context_length: 128_000, max_completion_tokens: 16_384 },
          ...{ input_modalities: ['text'], endpoints: [{ provider: 'own', model: 'gpt-5', pricing }] },
        },
      ],
    },
  });
  client = new OpenAI({ apiKey: gateway.apiKey, baseURL: gateway.baseUrl, maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop(true);
});

const sse = (text: string) => () =>
  new Response(text, { headers: { 'content-type': 'text/event-stream', 'openai-model': 'gpt-5-2025' } });

describe('OpenAI’s own Responses', () => {
  const custom = { type: 'custom' as const, name: 'write_sql' };

  test('get the request as it came, and their events come back under our name and price', async () => {
    asked.length = 0;
    answer = sse(recorded('custom-tool.sse'));
    const input = [{ role: 'user' as const, content: 'Users over 25' }];
    const { data: stream, response } = await client.responses
      .create({ model: 'own/gpt', store: false, stream: true, input, tools: [custom], prompt_cache_key: 'k' })
      .withResponse();
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(asked).toMatchObject([
      {
        path: '/v1/responses',
        body: { model: 'gpt-5', store: false, input, tools: [custom], prompt_cache_key: 'k' },
      },
    ]);
    const last = events.at(-1);
    if (last?.type !== 'response.completed') throw new Error('it did not complete');
    expect(last.response.output).toMatchObject([
      { type: 'custom_tool_call', input: 'SELECT * FROM users WHERE age > 25' },
    ]);
    const usage = { input_tokens: 50, output_tokens: 20, cost: (50 + 40) / 1e6 };
    expect(last.response).toMatchObject({
      model: 'own/gpt',
      id: response.headers.get('x-generation-id'),
      usage,
    });
    // With it Codex would tell its user that their account was flagged.
    expect(response.headers.get('openai-model')).toBeNull();
    const read = await fetch(`${gateway.baseUrl}/generation?id=${last.response.id}`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    expect(await read.json()).toMatchObject({
      data: { total_cost: usage.cost, tokens_prompt: 50, tokens_completion: 20, finish_reason: 'tool_calls' },
    });
  });

  test('answer whole where a whole answer is asked for', async () => {
    answer = () => Response.json(JSON.parse(recorded('reasoning-encrypted-content.json')));
    const response = await client.responses.create({ model: 'own/gpt', store: false, input: 'hi' });
    expect(response.output_text).toContain('Final result: 570');
    expect((response.usage as unknown as Json)['cost']).toBeGreaterThan(0);
  });

  test('may search the web for keys that nothing limits, and not for others, whose answer could not be priced', async () => {
    answer = sse(recorded('custom-tool.sse'));
    const search = { type: 'web_search' as const };
    const ask = (key: string, model: string) =>
      new OpenAI({ apiKey: key, baseURL: gateway.baseUrl, maxRetries: 0 }).responses
        .create({ model, store: false, stream: true, input: 'hi', tools: [search] })
        .then(
          () => 200,
          ({ status }) => status as number,
        );
    const { key } = await makeKey(gateway, { limit: 1 });
    expect(await ask(gateway.apiKey, 'own/gpt')).toBe(200);
    expect(await ask(key, 'own/gpt')).toBe(402);
    // Where the tool goes to nobody, it costs nothing.
    expect(await ask(key, 'acme/small')).toBe(200);
  });

  test('say in their own words what is wrong with a request', async () => {
    const error = {
      message: "Unknown parameter: 'x'.",
      type: 'invalid_request_error',
      param: 'x',
      code: 'unknown_parameter',
    };
    answer = () => Response.json({ error }, { status: 400 });
    const refused = await client.responses
      .create({ model: 'own/gpt', input: 'hi' })
      .catch((thrown) => thrown);
    expect(refused).toMatchObject({ status: 400, error: { message: error.message } });
  });
});

test('a gateway that stops lets the response on a socket end, and refuses the next', async () => {
  await using spawned = await spawnGateway({ config: { drain_timeout_ms: 100_000 } });
  const go = Promise.withResolvers<void>();
  spawned.provider.script({ behaviour: { chunks: 4, holdAfterChunks: 2, holdUntil: go.promise } });
  const headers = { authorization: `Bearer ${spawned.apiKey}` };
  const socket = new WebSocket(`${spawned.baseUrl.replace('http', 'ws')}/responses`, {
    headers,
  } as unknown as string[]);
  const events: Json[] = [];
  let isClosed = false;
  socket.addEventListener('message', ({ data }) => void events.push(JSON.parse(String(data))));
  socket.addEventListener('close', () => {
    isClosed = true;
  });
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  socket.send(JSON.stringify({ type: 'response.create', model: 'acme/small', input: 'Hello' }));
  expect(await becomesTrueWithin(() => events.some(({ delta }) => delta !== undefined), 5000)).toBe(true);
  const stopped = spawned.kill('SIGTERM');
  go.resolve();
  expect(await becomesTrueWithin(() => events.some(({ type }) => type === 'response.completed'), 5000)).toBe(
    true,
  );
  await stopped;
  expect(await becomesTrueWithin(() => isClosed, 5000)).toBe(true);
});
