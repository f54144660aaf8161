/** Anthropic's own SDK and the AI SDK, unmodified but for their address, against the whole gateway. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
} from '@anthropic-ai/sdk';
import { rejectionOf } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

let gateway: TestGateway;
let client: Anthropic;

beforeAll(async () => {
  gateway = await startGateway({ config: { limits: { request_body_bytes: 64 * 1024 } } });
  client = clientOf(gateway.apiKey);
});
afterAll(() => gateway?.stop());
afterEach(() => {
  gateway.provider.clearScripts();
  gateway.provider.clearRequests();
});

function clientOf(apiKey: string): Anthropic {
  return new Anthropic({ apiKey, baseURL: `${gateway.url}/api`, maxRetries: 0 });
}

const ask = (content: string, model = 'acme/small') => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content }],
});

const weather = {
  name: 'get_weather',
  description: 'Tells the weather',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
  },
};

/** The body that the provider got last. */
function sentBody(): Record<string, unknown> {
  return gateway.provider.requests.at(-1)?.body as Record<string, unknown>;
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

describe('messages', () => {
  test('a whole answer and a streamed one are the same message, with what it cost', async () => {
    const whole = await client.messages.create(ask('one two three'));
    const streamed = await client.messages.stream(ask('one two three')).finalMessage();
    for (const message of [whole, streamed]) {
      expect(message.content).toMatchObject([{ type: 'text', text: 'one two three' }]);
      expect(message).toMatchObject({ type: 'message', model: 'acme/small', stop_reason: 'end_turn' });
      expect(message.id).toStartWith('gen-');
      expect(message.usage).toMatchObject({ input_tokens: 7, output_tokens: 3 });
    }
    const costUsd = (100_000 + 7 * 150 + 3 * 600) / 1e9;
    expect(whole.usage).toHaveProperty('cost', costUsd);
    // The SDK puts together only what it knows.
    for await (const event of await client.messages.create({ ...ask('one two three'), stream: true })) {
      if (event.type === 'message_delta') expect(event.usage).toHaveProperty('cost', costUsd);
    }
    expect(whole._request_id).toBeString();
    expect(sentBody()).toMatchObject({ model: 'small-2026', max_tokens: 100 });
  });

  test('the first event of a stream says how long the prompt is, about', async () => {
    for await (const event of await client.messages.create({ ...ask('one two three'), stream: true })) {
      if (event.type === 'message_start') expect(event.message.usage.input_tokens).toBeGreaterThan(0);
    }
  });

  test('the free echo answers too', async () => {
    const message = await client.messages.create(ask('hello', 'turnpike/echo'));
    expect(message.content).toMatchObject([{ type: 'text', text: 'hello' }]);
  });

  test('system, caps and sequences reach a provider of another format', async () => {
    const message = await client.messages.create({
      ...ask('one two STOP three'),
      system: [{ type: 'text', text: 'Repeat.' }],
      stop_sequences: ['STOP'],
      ...{ temperature: 0.5 },
    });
    expect(message.content).toMatchObject([{ text: expect.not.stringContaining('three') }]);
    expect(sentBody()).toMatchObject({
      messages: [{ role: 'system', content: 'Repeat.' }, { role: 'user' }],
      stop: ['STOP'],
      temperature: 0.5,
    });
    const short = await client.messages.create({ ...ask('one two three four'), max_tokens: 2 });
    expect(short.stop_reason).toBe('max_tokens');
  });

  test('a tool is called, and its result goes back', async () => {
    const request = { ...ask('please get_weather'), tools: [weather] };
    const whole = await client.messages.create(request);
    const streamed = await client.messages.stream(request).finalMessage();
    for (const { content, stop_reason } of [whole, streamed]) {
      expect(stop_reason).toBe('tool_use');
      expect(content).toMatchObject([
        { type: 'tool_use', name: 'get_weather', input: { city: 'sample city', days: 1 } },
      ]);
    }
    const [call] = whole.content;
    if (call?.type !== 'tool_use') throw new Error('no call');
    const result = { type: 'tool_result' as const, tool_use_id: call.id, content: 'sunny' };
    await client.messages.create({
      ...request,
      messages: [
        ...request.messages,
        { role: 'assistant', content: whole.content },
        { role: 'user', content: [result] },
      ],
    });
    expect(sentBody()['messages']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: call.id, function: { name: 'get_weather' } }] },
      { role: 'tool', tool_call_id: call.id, content: 'sunny' },
    ]);
  });

  test('two tools called at once are two blocks, in order', async () => {
    const tools = [weather, { ...weather, name: 'get_time' }];
    const { content } = await client.messages
      .stream({ ...ask('get_weather and get_time'), tools })
      .finalMessage();
    expect(content).toMatchObject([
      { type: 'tool_use', name: 'get_weather', input: { city: 'sample city' } },
      { type: 'tool_use', name: 'get_time', input: { city: 'sample city' } },
    ]);
  });

  test('what a model thought is a block of its own, and can be sent back', async () => {
    const request = ask('one two', 'acme/reason');
    const message = await client.messages.stream(request).finalMessage();
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    const again = await client.messages.create({
      ...request,
      messages: [...request.messages, { role: 'assistant', content: message.content }, ...request.messages],
    });
    expect(again.stop_reason).toBe('end_turn');
  });

  test('the query of Claude Code changes nothing, nor does a key in x-api-key', async () => {
    for (const headers of [{ authorization: `Bearer ${gateway.apiKey}` }, { 'x-api-key': gateway.apiKey }]) {
      const response = await post('/api/v1/messages?beta=true', ask('hi'), headers);
      expect(response.status).toBe(200);
      expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
    }
  });

  test('the AI SDK answers, whole and streamed', async () => {
    const provider = createAnthropic({ apiKey: gateway.apiKey, baseURL: gateway.baseUrl });
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'one two' }] }];
    const { content } = await provider('acme/small').doGenerate({ prompt });
    expect(content).toMatchObject([{ type: 'text', text: 'one two' }]);
    const { stream } = await provider('acme/small').doStream({ prompt });
    let text = '';
    for await (const part of stream) if (part.type === 'text-delta') text += part.delta;
    expect(text).toBe('one two');
  });
});

describe('what only Anthropic has', () => {
  test.each([
    [
      { tools: [{ type: 'web_search_20250305' as const, name: 'web_search' as const }] },
      'web_search_20250305',
    ],
    [{ tools: [{ type: 'bash_20250124' as const, name: 'bash' as const }] }, 'bash_20250124'],
    [{ safeguards: [{ type: 'dangerous_tool_use' }] }, 'safeguards: Extra inputs are not permitted'],
  ])('is refused in words by a provider without it: %j', async (changes, words) => {
    for (const model of ['acme/small', 'turnpike/echo']) {
      const thrown = await rejectionOf(client.messages.create({ ...ask('hi', model), ...changes }));
      expect(thrown).toBeInstanceOf(BadRequestError);
      expect(String(thrown)).toContain(words);
    }
    expect(gateway.provider.requests).toEqual([]);
  });
});

describe('failures', () => {
  test('come in the class of their status, in Anthropic’s envelope', async () => {
    const unknown = await rejectionOf(client.messages.create(ask('hi', 'acme/none')));
    expect(unknown).toBeInstanceOf(NotFoundError);
    expect(unknown).toMatchObject({ error: { type: 'error', error: { type: 'not_found_error' } } });
    const wrongKey = await rejectionOf(clientOf('sk-or-v1-wrong').messages.create(ask('hi')));
    expect(wrongKey).toBeInstanceOf(AuthenticationError);
    expect((wrongKey as APIError).headers?.get('x-should-retry')).toBe('false');
    expect(String(wrongKey)).toContain('ANTHROPIC_AUTH_TOKEN');
    const management = await rejectionOf(clientOf(gateway.managementKey).messages.create(ask('hi')));
    expect(management).toBeInstanceOf(PermissionDeniedError);
  });

  test('of paths and methods that are not there, and of bodies that are too large, too', async () => {
    const missing = await rejectionOf(client.messages.batches.list());
    expect(missing).toBeInstanceOf(NotFoundError);
    expect(missing).toMatchObject({ error: { error: { type: 'not_found_error' } } });
    const key = { 'x-api-key': gateway.apiKey };
    const method = await fetch(`${gateway.url}/api/v1/messages`, { headers: key });
    expect([method.status, await method.json()]).toMatchObject([405, { type: 'error' }]);
    const large = await post('/api/v1/messages', ask('x'.repeat(70_000)), key);
    expect([large.status, await large.json()]).toMatchObject([413, { type: 'error' }]);
  });

  test('of a provider keep its words, and end a stream as an event', async () => {
    gateway.provider.script({ behaviour: { status: 429 } });
    const slow = await rejectionOf(client.messages.create(ask('hi')));
    expect(slow).toMatchObject({ status: 429, error: { error: { type: 'rate_limit_error' } } });
    gateway.provider.clearScripts();
    gateway.provider.script({ behaviour: { truncateAfterChunks: 2 } });
    const cut = await rejectionOf(client.messages.stream(ask('one two three')).finalMessage());
    expect(cut).toBeInstanceOf(APIError);
  });
});

describe('a limit', () => {
  test('is told as a cap that fits, and with that cap the request runs', async () => {
    const { key } = await makeKey(gateway, { limit: 0.005 });
    const limited = clientOf(key);
    const thrown = (await rejectionOf(
      limited.messages.create({ ...ask('hi'), max_tokens: 16_000 }),
    )) as APIError;
    expect(thrown.status).toBe(402);
    const [, cap] =
      /^max_tokens: 16000 > (\d+), which is the maximum allowed number of output tokens for /.exec(
        (thrown.error as { error: { message: string } }).error.message,
      ) ?? [undefined, '0'];
    expect(Number(cap)).toBeGreaterThan(4096);
    const message = await limited.messages.create({ ...ask('hi'), max_tokens: Number(cap) });
    expect(message.content).toMatchObject([{ text: 'hi' }]);
  });

  test('that leaves too little is a plain refusal that is not repeated', async () => {
    const { key } = await makeKey(gateway, { limit: 0.0005 });
    const thrown = (await rejectionOf(
      clientOf(key).messages.create({ ...ask('hi'), max_tokens: 16_000 }),
    )) as APIError;
    expect([thrown.status, thrown.headers?.get('x-should-retry')]).toEqual([402, 'false']);
    expect(thrown.error).toMatchObject({
      error: { type: 'billing_error', message: expect.stringMatching(/^Key limit/) },
    });
  });

  test('keeps out what nobody can price', async () => {
    const { key } = await makeKey(gateway, { limit: 1 });
    const thrown = await rejectionOf(
      clientOf(key).messages.create({ ...ask('hi'), service_tier: 'reserved' as 'auto' }),
    );
    expect(thrown).toMatchObject({ status: 402, message: expect.stringContaining('service_tier') });
  });
});

describe('beside the messages', () => {
  test('tokens are counted for nothing', async () => {
    const { key } = await makeKey(gateway, { limit: 0 });
    const few = await clientOf(key).messages.countTokens(ask('hi'));
    const many = await clientOf(key).messages.countTokens({ ...ask('hi '.repeat(1000)), tools: [weather] });
    expect(few.input_tokens).toBeGreaterThan(0);
    expect(many.input_tokens).toBeGreaterThan(few.input_tokens + 700);
    expect(await rejectionOf(clientOf('sk-or-v1-wrong').messages.countTokens(ask('hi')))).toBeInstanceOf(
      AuthenticationError,
    );
    expect(await rejectionOf(client.messages.countTokens(ask('hi', 'acme/none')))).toBeInstanceOf(
      NotFoundError,
    );
    expect(gateway.provider.requests).toEqual([]);
  });

  test('models have the names that Claude Code and the SDK show', async () => {
    const names = new Map<string, string>();
    for await (const { id, display_name } of client.models.list()) names.set(id, display_name);
    expect(names.get('acme/small')).toBeString();
    const response = await fetch(`${gateway.url}/api/v1/models?limit=1000`, {
      headers: { 'x-api-key': gateway.apiKey, 'user-agent': 'claude-code/2.1.332' },
      redirect: 'error',
    });
    const { data } = (await response.json()) as { data: { id: string; display_name: string }[] };
    expect(data.every(({ display_name }) => typeof display_name === 'string')).toBe(true);
    const hello = await fetch(`${gateway.url}/api/hello`, { method: 'HEAD' });
    expect(hello.status).toBe(404);
  });
});
