/** The official `@google/genai` client, unmodified but for its base URL, against the whole gateway; and what its siblings post. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, Type } from '@google/genai';
import { startGateway, type TestGateway } from '../../harness.ts';

let gateway: TestGateway;
let client: GoogleGenAI;
beforeAll(async () => {
  gateway = await startGateway({
    config: { limits: { request_body_bytes: 64 * 1024 } },
    keepAliveMs: 60_000,
  });
  client = clientOf(gateway.apiKey, 'v1beta');
});
afterAll(() => gateway?.stop());
afterEach(() => {
  gateway.provider.clearScripts();
  gateway.anHourLater();
  gateway.provider.clearRequests();
});

function clientOf(apiKey: string, apiVersion: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey, apiVersion, httpOptions: { baseUrl: `${gateway.url}/api` } });
}

const model = 'acme/small';
const weather = {
  name: 'weather',
  description: 'The weather of a town',
  parameters: {
    type: Type.OBJECT,
    properties: { town: { type: Type.STRING, nullable: true }, days: { type: Type.INTEGER } },
    required: ['town'],
  },
};

function sentBody(): Record<string, unknown> {
  return gateway.provider.requests.at(-1)?.body as Record<string, unknown>;
}

async function failureOf(work: Promise<unknown>): Promise<ApiError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApiError)) throw new Error(`not an ApiError: ${thrown}`);
  return thrown;
}

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${gateway.url}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': gateway.apiKey, ...headers },
    body: JSON.stringify(body),
  });
}

const hello = { contents: [{ role: 'user', parts: [{ text: 'one two three' }] }] };

describe('an answer', () => {
  test.each(['v1beta', 'v1'])('of %s carries text, its model, usage and the exact cost', async (version) => {
    const answer = await clientOf(gateway.apiKey, version).models.generateContent({
      model,
      contents: 'one two three',
    });
    expect(answer.text).toBe('one two three');
    expect([answer.modelVersion, answer.candidates?.[0]?.finishReason as string]).toEqual([model, 'STOP']);
    expect(answer.responseId).toStartWith('gen-');
    const { promptTokenCount = 0, candidatesTokenCount = 0, totalTokenCount } = answer.usageMetadata ?? {};
    expect(totalTokenCount).toBe(promptTokenCount + candidatesTokenCount);
    expect(answer.usageMetadata).toMatchObject({
      cost: (100_000 + promptTokenCount * 150 + candidatesTokenCount * 600) / 1e9,
    });
  });

  test('that is streamed comes in chunks whose last one ends it and counts it', async () => {
    const stream = await client.models.generateContentStream({ model, contents: 'one two three' });
    let text = '';
    let last: unknown;
    for await (const chunk of stream) {
      text += chunk.text ?? '';
      last = chunk;
    }
    expect(text).toBe('one two three');
    expect(last).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { cost: expect.any(Number) },
    });
  });

  test('in a chat has its history', async () => {
    const chat = client.chats.create({ model });
    await chat.sendMessage({ message: 'first' });
    for await (const _ of await chat.sendMessageStream({ message: 'second and last' })) {
      // To its end: each chunk becomes a content of the chat's history.
    }
    await chat.sendMessage({ message: 'third' });
    expect(sentBody()['messages']).toEqual([
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: 'second and last' },
      { role: 'assistant', content: 'second and last' },
      { role: 'user', content: 'third' },
    ]);
  });
});

describe('functions', () => {
  test('are told to the provider in JSON Schema, are called, and are answered by name and order', async () => {
    const config = {
      systemInstruction: 'Be brief',
      tools: [{ functionDeclarations: [weather] }],
      toolConfig: {
        functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['weather'] },
      },
      temperature: 0.5,
      maxOutputTokens: 500,
    };
    const first = await client.models.generateContent({ model, contents: 'weather?', config });
    expect(first.functionCalls?.[0]?.name).toBe('weather');
    expect(sentBody()).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'weather?' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'The weather of a town',
            parameters: {
              type: 'object',
              properties: { town: { type: ['string', 'null'] }, days: { type: 'integer' } },
              required: ['town'],
            },
          },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'weather' } },
      temperature: 0.5,
      max_tokens: 500,
    });
    const called = first.candidates?.[0]?.content;
    if (called === undefined) throw new Error('no content');
    await client.models.generateContent({
      model,
      contents: [
        { role: 'user', parts: [{ text: 'weather?' }] },
        called,
        { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'sunny' } } }] },
      ],
      config: { tools: config.tools },
    });
    const messages = sentBody()['messages'] as Record<string, unknown>[];
    const id = called.parts?.[0]?.functionCall?.id;
    expect(messages[1]).toMatchObject({ tool_calls: [{ id }] });
    expect(messages[2]).toEqual({ role: 'tool', tool_call_id: id, content: 'sunny' });
  });

  test('are called whole when streamed', async () => {
    const config = { tools: [{ functionDeclarations: [weather] }] };
    const stream = await client.models.generateContentStream({ model, contents: 'weather?', config });
    const calls: unknown[] = [];
    for await (const chunk of stream) calls.push(...(chunk.functionCalls ?? []));
    expect(calls).toEqual([{ id: expect.any(String), name: 'weather', args: expect.any(Object) }]);
  });
});

describe('failures', () => {
  test('are told by code, status and details', async () => {
    const error = await failureOf(
      clientOf('sk-or-v1-nobody', 'v1beta').models.generateContent({ model, contents: 'hi' }),
    );
    expect(error.status).toBe(401);
    expect(JSON.parse(error.message)).toMatchObject({
      error: {
        code: 401,
        status: 'UNAUTHENTICATED',
        details: [{ reason: 'INVALID_API_KEY', domain: 'turnpike' }],
      },
    });
  });

  test('say how long to wait where that helps', async () => {
    gateway.provider.script({ behaviour: { status: 429, headers: { 'retry-after': '7' } } });
    const error = await failureOf(client.models.generateContent({ model, contents: 'hi' }));
    expect(JSON.parse(error.message).error).toMatchObject({
      ...{ code: 429, status: 'RESOURCE_EXHAUSTED' },
      details: [{}, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }],
    });
  });

  test('in mid-stream are thrown by the client', async () => {
    gateway.provider.script({ behaviour: { errorAfterChunks: 1, chunkDelayMs: 10 } });
    const stream = await client.models.generateContentStream({ model, contents: 'one two three' });
    const read = async () => {
      for await (const _ of stream) {
        // To its failure.
      }
    };
    const error = await failureOf(read());
    expect(error.status).toBeGreaterThanOrEqual(500);
  });

  test('of a request that only Google understands name what it is', async () => {
    const asked = client.models.generateContent({
      model,
      contents: 'hi',
      config: { tools: [{ googleSearch: {} }] },
    });
    const error = await failureOf(asked);
    expect(error.status).toBe(400);
    expect(error.message).toContain('tools.googleSearch');
    expect(gateway.provider.requests).toEqual([]);
  });

  test('of such a request to the built-in model are told before it answers', async () => {
    const answer = await post('/v1beta/models/turnpike/echo:generateContent', {
      ...hello,
      tools: [{ urlContext: {} }],
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { status: 'INVALID_ARGUMENT' } },
    ]);
  });

  test('of an unknown method are a 404, and of another HTTP method a 405, in Google’s form', async () => {
    const unknown = await post('/v1beta/models/acme/small:predict', hello);
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { status: 'NOT_FOUND' } }]);
    const put = await fetch(`${gateway.url}/api/v1beta/acme/small:generateContent`, { method: 'PUT' });
    expect([put.status, await put.json()]).toMatchObject([405, { error: { status: 'UNIMPLEMENTED' } }]);
  });

  test('a key in the query is none', async () => {
    const answer = await post(`/v1beta/models/acme/small:generateContent?key=${gateway.apiKey}`, hello, {
      'x-goog-api-key': '',
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      401,
      { error: { status: 'UNAUTHENTICATED' } },
    ]);
  });
});

describe('doors', () => {
  test.each([
    ['/v1beta/models/acme/small:generateContent'],
    ['/v1beta/models/acme%2Fsmall:generateContent'],
    ['/v1beta/acme/small:generateContent'],
    ['/v1/models/acme/small:generateContent'],
    ['/v1/models/acme%2Fsmall:generateContent'],
    ['/v1beta/models/acme/free:free:generateContent'],
    ['/v1beta/models/acme/small%3AgenerateContent'],
  ])('%s', async (path) => {
    const answer = await post(path, hello);
    expect(await answer.json()).toMatchObject({
      candidates: [
        { content: { role: 'model', parts: [{ text: 'one two three' }] }, finishReason: 'STOP', index: 0 },
      ],
    });
  });

  test('the listings and look-ups of models are still there, and one model is asked beside them', async () => {
    const get = async (path: string) => (await fetch(`${gateway.url}/api${path}`)).json();
    expect(await get('/v1/models/count/')).toEqual({ data: { count: expect.any(Number) } });
    expect(await get('/v1/models/acme/small')).toMatchObject({ id: model });
    expect(await get('/v1/models/acme/small/endpoints')).toMatchObject({ data: { id: model } });
    expect((await post('/v1/models/count', {})).status).toBe(405);
    const listed = (await get('/v1beta/models?pageSize=2')) as {
      models: { name: string }[];
      nextPageToken: string;
    };
    expect(listed.models).toHaveLength(2);
    const next = (await get(`/v1beta/models?pageSize=2&pageToken=${listed.nextPageToken}`)) as typeof listed;
    expect(next.models[0]?.name).toBe(`models/${listed.nextPageToken}`);
    expect(await client.models.get({ model: 'acme/small' })).toMatchObject({
      ...{ name: 'models/acme/small', inputTokenLimit: 128_000, outputTokenLimit: 16_384 },
    });
    const pager = await client.models.list({ config: { pageSize: 3 } });
    const names: (string | undefined)[] = [];
    for await (const one of pager) names.push(one.name);
    expect(names).toContain('models/acme/small');
    expect(names.length).toBeGreaterThan(3);
  });

  test('without `alt=sse` a stream is one JSON list', async () => {
    const answer = await post('/v1beta/models/acme/small:streamGenerateContent', hello);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const chunks = (await answer.json()) as { candidates: { content: { parts: { text: string }[] } }[] }[];
    expect(chunks.map((chunk) => chunk.candidates[0]?.content.parts[0]?.text).join('')).toBe('one two three');
    expect(chunks.at(-1)).toMatchObject({ usageMetadata: { totalTokenCount: expect.any(Number) } });
  });

  test('a list that fails ends with its error', async () => {
    gateway.provider.script({ behaviour: { errorAfterChunks: 1, chunkDelayMs: 10 } });
    const answer = await post('/v1beta/models/acme/small:streamGenerateContent', hello);
    const chunks = (await answer.json()) as object[];
    expect(chunks.at(-1)).toMatchObject({ error: { code: expect.any(Number), status: expect.any(String) } });
  });

  test('tokens are counted for nothing, and no provider is asked', async () => {
    const counted = await client.models.countTokens({ model, contents: 'x'.repeat(400) });
    expect(counted.totalTokens).toBe(100);
    expect(gateway.provider.requests).toEqual([]);
    expect((await post('/v1beta/models/nobody:countTokens', hello)).status).toBe(404);
  });

  test('both spellings of a member are one', async () => {
    await post('/v1beta/models/acme/small:generateContent', {
      system_instruction: { parts: [{ text: 'Be brief' }] },
      contents: [{ parts: [{ text: 'hi' }, { inline_data: { mime_type: 'image/png', data: 'AAAA' } }] }],
      generation_config: { max_output_tokens: '77', stop_sequences: ['END'], top_p: 0.5 },
    });
    expect(sentBody()).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief' },
        {
          role: 'user',
          content: [
            { type: 'text' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
      ],
      ...{ max_tokens: 77, stop: ['END'], top_p: 0.5 },
    });
    const twice = { ...hello, generationConfig: { maxOutputTokens: 5, max_output_tokens: 5000 } };
    expect((await post('/v1beta/models/acme/small:generateContent', twice)).status).toBe(400);
  });
});
