/** The official `@openrouter/sdk`, which validates every answer: what it takes without complaint has the right shape. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import type { ChatResult, ChatStreamChunk } from '@openrouter/sdk/models';
import {
  BadGatewayResponseError,
  BadRequestResponseError,
  ForbiddenResponseError,
  NotFoundResponseError,
  OpenRouterDefaultError,
  type OpenRouterError,
  PayloadTooLargeResponseError,
  PaymentRequiredResponseError,
  SDKValidationError,
  ServiceUnavailableResponseError,
  TooManyRequestsResponseError,
  UnauthorizedResponseError,
} from '@openrouter/sdk/models/errors';
import type { SendChatCompletionRequestRequest } from '@openrouter/sdk/models/operations';
import { rejectionOf } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

let gateway: TestGateway;
/** With an API key, and with a management key. */
let client: OpenRouter;
let manager: OpenRouter;

beforeAll(async () => {
  gateway = await startGateway({ config: { limits: { request_body_bytes: 64 * 1024 } } });
  client = clientOf(gateway.apiKey);
  manager = clientOf(gateway.managementKey);
});
afterAll(() => gateway?.stop());
afterEach(() => gateway.provider.clearScripts());

function clientOf(apiKey: string): OpenRouter {
  return new OpenRouter({ apiKey, serverURL: gateway.baseUrl, retryConfig: { strategy: 'none' } });
}

type ChatRequest = SendChatCompletionRequestRequest['chatRequest'];
const model = 'acme/small';
function ask(content: string, more: Partial<ChatRequest> = {}): { chatRequest: ChatRequest } {
  return { chatRequest: { model, messages: [{ role: 'user', content }], ...more } };
}

async function answerTo(request: { chatRequest: ChatRequest }, by = client): Promise<ChatResult> {
  const result = await by.chat.send(request);
  if (Symbol.asyncIterator in result) throw new Error('answered with a stream');
  expectNothingUnknown(result);
  return result;
}

async function chunksOf(
  request: { chatRequest: ChatRequest },
  onChunks: (soFar: readonly ChatStreamChunk[]) => void = () => {},
): Promise<ChatStreamChunk[]> {
  const result = await client.chat.send({ chatRequest: { ...request.chatRequest, stream: true } });
  if (!(Symbol.asyncIterator in result)) throw new Error('answered without a stream');
  const chunks: ChatStreamChunk[] = [];
  for await (const chunk of result) {
    chunks.push(chunk);
    onChunks(chunks);
  }
  expectNothingUnknown(chunks);
  return chunks;
}

/** What the client does not understand it wraps in silence. */
function expectNothingUnknown(value: unknown): void {
  expect(JSON.stringify(value)).not.toContain('UNKNOWN');
  expect(JSON.stringify(value)).not.toContain('isUnknown');
}

describe('chat.send', () => {
  test('a plain answer parses whole, with usage and cost', async () => {
    const result = await answerTo(ask('one two three'));
    expect(result.choices[0]?.message.content).toBe('one two three');
    expect(result.choices[0]?.finishReason).toBe('stop');
    expect(result.model).toBe(model);
    expect(result.systemFingerprint).toStartWith('fp_');
    expect(result.usage).toMatchObject({ promptTokens: 7, completionTokens: 3, totalTokens: 10 });
    expect(result.usage?.cost).toBe(0.00010285);
    expect(result.usage?.isByok).toBe(false);
  });

  test('every chunk of a stream parses, and the last has the usage', async () => {
    const chunks = await chunksOf(ask('one two three'));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two three');
    expect(chunks.at(-1)?.usage).toMatchObject({ promptTokens: 7, completionTokens: 3, cost: 0.00010285 });
    expect(chunks.filter((chunk) => chunk.usage !== undefined)).toHaveLength(1);
  });

  test('the nulls that some providers send reach no answer and no chunk', async () => {
    gateway.provider.script({ times: 2, behaviour: { nullFields: true } });
    expect((await answerTo(ask('hello'))).usage?.completionTokens).toBe(1);
    expect((await chunksOf(ask('hello'))).at(-1)?.usage?.completionTokens).toBe(1);
  });

  test('usage is there though the provider reported none', async () => {
    gateway.provider.script({ times: 2, behaviour: { usage: null } });
    expect((await answerTo(ask('hello there'))).usage?.totalTokens).toBeGreaterThan(0);
    expect((await chunksOf(ask('hello there'))).at(-1)?.usage?.totalTokens).toBeGreaterThan(0);
  });

  test('tool calls parse, whole and streamed', async () => {
    const tools: ChatRequest['tools'] = [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      },
    ];
    const { message } = (await answerTo(ask('get_weather', { tools }))).choices[0] ?? {};
    expect(message?.toolCalls?.[0]?.function).toEqual({
      name: 'get_weather',
      arguments: '{"city":"sample city"}',
    });
    const fragments = (await chunksOf(ask('get_weather', { tools }))).flatMap(
      (chunk) => chunk.choices[0]?.delta.toolCalls ?? [],
    );
    expect(fragments[0]).toMatchObject({ index: 0, type: 'function' });
    expect(fragments.map((part) => part.function?.arguments ?? '').join('')).toBe('{"city":"sample city"}');
  });

  test('reasoning parses under its canonical name, whole and streamed', async () => {
    const request = ask('hello', { model: 'acme/reason' });
    expect((await answerTo(request)).choices[0]?.message.reasoning).toBe(
      'thought0 thought1 thought2 thought3 ',
    );
    const chunks = await chunksOf(request);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.reasoning ?? '').join('')).toBe(
      'thought0 thought1 thought2 thought3 ',
    );
    expect(chunks.at(-1)?.usage?.completionTokensDetails?.reasoningTokens).toBe(4);
  });

  test('reasoning details of a provider arrive as they are, with who sealed them', async () => {
    const details = [
      { type: 'reasoning.text', text: 'hm', signature: 'abc', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'AAAA', format: 'openai-responses-v1', index: 1 },
    ];
    const message = { role: 'assistant', content: 'yes', reasoning: 'hm', reasoning_details: details };
    const body = {
      id: 'chatcmpl-1',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    };
    gateway.provider.script({ behaviour: { status: 200, body } });
    const [choice] = (await answerTo(ask('hello'))).choices;
    const [text, sealed] = choice?.message.reasoningDetails ?? [];
    expect(text).toEqual(details[0] as never);
    expect(sealed).toMatchObject({
      ...details[1],
      data: expect.stringMatching(/^dHVybnBpa2Ut.*AAAA$/) as never,
    });
  });

  test('images, log probabilities and a fallback list are taken', async () => {
    const url = 'data:image/png;base64,AAAA';
    const result = await answerTo({
      chatRequest: {
        models: ['acme/twice', model],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'look here' },
              { type: 'image_url', imageUrl: { url } },
            ],
          },
        ],
        logprobs: true,
        topLogprobs: 1,
        provider: { order: ['backup'], allowFallbacks: false },
      },
    });
    expect(result.model).toBe('acme/twice');
    expect(result.choices[0]?.logprobs?.content).toHaveLength(2);
    expect(gateway.provider.requests.at(-1)?.model).toBe('twice-backup');
  });

  test('flat arguments, as some pages show them, are refused by the client itself and never sent', async () => {
    const before = gateway.provider.stats.totalRequests;
    const flat = { model, messages: [{ role: 'user', content: 'Hello!' }] };
    // The one cast in here: the mistake would not compile.
    const error = await rejectionOf(client.chat.send(flat as never));
    expect(error).toBeInstanceOf(SDKValidationError);
    expect(gateway.provider.stats.totalRequests).toBe(before);
  });

  test('a failure in mid-stream is a chunk with an error, after the text that came before it', async () => {
    const { promise: isRead, resolve } = Promise.withResolvers<void>();
    const held = { holdAfterChunks: 2, holdUntil: isRead };
    gateway.provider.script({ behaviour: { errorAfterChunks: 2, ...held } });
    const textOf = (chunks: readonly ChatStreamChunk[]) =>
      chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    const chunks = await chunksOf(ask('one two three'), (soFar) => {
      if (textOf(soFar) === 'one two') resolve();
    });
    const last = chunks.at(-1);
    expect(textOf(chunks)).toBe('one two');
    expect(last?.error?.code).toBe(502);
    expect(last?.choices[0]?.finishReason).toBe('error');
  });
});

describe('apiKeys', () => {
  test('a key is created, read, listed, changed, described by itself and deleted', async () => {
    const made = await manager.apiKeys.create({
      requestBody: {
        name: 'ci',
        limit: 5,
        limitReset: 'weekly',
        expiresAt: new Date('2199-12-31T23:59:59Z'),
        external: { user: 'customer 7' },
      },
    });
    expect(made.key).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
    expect(made.data).toMatchObject({ name: 'ci', limit: 5, limitRemaining: 5, limitReset: 'weekly' });
    const { hash } = made.data;

    await answerTo(ask('one two three'), clientOf(made.key));
    expect((await manager.apiKeys.get({ hash })).data).toMatchObject({
      name: 'ci',
      externalUser: 'customer 7',
      usage: 0.00010285,
      limitRemaining: 4.99989715,
    });
    const listed = await manager.apiKeys.list({ includeDisabled: true });
    expect(listed.data.map((key) => key.hash)).toContain(hash);

    const mine = await clientOf(made.key).apiKeys.getCurrentKeyMetadata();
    expect(mine.data).toMatchObject({ limit: 5, usage: 0.00010285, isManagementKey: false });
    expect(mine.data.rateLimit.requests).toBe(-1);

    const changed = await manager.apiKeys.update({
      hash,
      requestBody: { name: 'ci 2', limit: null, disabled: true },
    });
    expect(changed.data).toMatchObject({ name: 'ci 2', limit: null, limitRemaining: null, disabled: true });
    expect((await manager.apiKeys.list()).data.map((key) => key.hash)).not.toContain(hash);
    expect(await rejectionOf(answerTo(ask('hi'), clientOf(made.key)))).toBeInstanceOf(ForbiddenResponseError);

    expect(await manager.apiKeys.delete({ hash })).toEqual({ deleted: true });
    expect(await rejectionOf(manager.apiKeys.get({ hash }))).toBeInstanceOf(NotFoundResponseError);
    expect(await rejectionOf(answerTo(ask('hi'), clientOf(made.key)))).toBeInstanceOf(
      UnauthorizedResponseError,
    );
  });

  test('a management key describes itself', async () => {
    const { data } = await manager.apiKeys.getCurrentKeyMetadata();
    expect(data).toMatchObject({ isManagementKey: true, isProvisioningKey: true });
  });

  test('an API key may not manage keys', async () => {
    // 403 is declared for create alone; elsewhere the client knows it only as its default error.
    const created = await rejectionOf(client.apiKeys.create({ requestBody: { name: 'no' } }));
    expect(created).toBeInstanceOf(ForbiddenResponseError);
    expect(created.message).toBe('Only management keys can perform this operation');
    const listed = await rejectionOf(client.apiKeys.list());
    expect(listed).toBeInstanceOf(OpenRouterDefaultError);
    expect((listed as OpenRouterError).statusCode).toBe(403);
  });
});

describe('models, endpoints, providers', () => {
  test('the list pages through every model once, and the count agrees', async () => {
    for (const request of [undefined, { limit: 2 }]) {
      const ids: string[] = [];
      for await (const page of await client.models.list(request)) {
        expectNothingUnknown(page);
        ids.push(...page.result.data.map((row) => row.id));
      }
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toContain(model);
      expect((await client.models.count()).data.count).toBe(ids.length);
    }
  });

  test('filters reach the list', async () => {
    const page = await client.models.list({ supportedParameters: 'logprobs' });
    const ids = page.result.data.map((row) => row.id);
    expect(ids).toContain(model);
    expect(ids).not.toContain('turnpike/echo');
  });

  test('the models of a key are listed with its own bearer', async () => {
    const page = await client.models.listForUser({ bearer: gateway.apiKey });
    expect(page.result.data.map((row) => row.id)).toContain(model);
    expect(await rejectionOf(client.models.listForUser({ bearer: 'sk-or-v1-no' }))).toBeInstanceOf(
      UnauthorizedResponseError,
    );
  });

  test('one model is read by author and slug, a variant included', async () => {
    expect((await client.models.get({ author: 'acme', slug: 'small' })).data.pricing.prompt).toBe(
      '0.00000015',
    );
    expect((await client.models.get({ author: 'acme', slug: 'free:free' })).data.id).toBe('acme/free:free');
    expect(await rejectionOf(client.models.get({ author: 'acme', slug: 'none' }))).toBeInstanceOf(
      NotFoundResponseError,
    );
  });

  test('endpoints are listed for a model, and those without retention for all', async () => {
    const { data } = await client.endpoints.list({ author: 'acme', slug: 'twice' });
    expect(data.endpoints.map((endpoint) => String(endpoint.providerName))).toEqual(['Acme', 'Backup']);
    const zdr = await client.endpoints.listZdrEndpoints();
    expect(zdr.data.map((endpoint) => endpoint.tag)).toContain('backup');
  });

  test('providers are listed', async () => {
    const { data } = await client.providers.list();
    expect(data.map((provider) => provider.slug).sort()).toEqual(['acme', 'backup', 'turnpike']);
  });
});

describe('generations and credits', () => {
  test('a generation can be read at once when its stream has ended, and its cost is the one of the stream', async () => {
    const chunks = await chunksOf(ask('one two three', { sessionId: 'session 1' }));
    const { data } = await client.generations.getGeneration({ id: chunks[0]?.id ?? '' });
    expectNothingUnknown(data);
    expect(data).toMatchObject({
      apiType: 'completions',
      model,
      providerName: 'Acme',
      streamed: true,
      cancelled: false,
      isByok: false,
      finishReason: 'stop',
      tokensPrompt: 7,
      tokensCompletion: 3,
      totalCost: chunks.at(-1)?.usage?.cost as number,
      sessionId: 'session 1',
    });
    expect(data.providerResponses?.[0]?.status).toBe(200);
  });

  test('a generation of nobody is not found', async () => {
    const error = await rejectionOf(client.generations.getGeneration({ id: 'gen-0-none' }));
    expect(error).toBeInstanceOf(NotFoundResponseError);
  });

  test('credits are numbers, and usage grows by the cost of a request', async () => {
    const before = (await manager.credits.getCredits()).data;
    await answerTo(ask('one two three'));
    const after = (await manager.credits.getCredits()).data;
    expect(after.totalCredits).toBe(0);
    expect(after.totalUsage - before.totalUsage).toBeCloseTo(0.00010285, 12);
    const refused = await rejectionOf(client.credits.getCredits());
    expect(refused).toBeInstanceOf(ForbiddenResponseError);
  });
});

describe('typed errors of chat.send', () => {
  async function failureOf(request: { chatRequest: ChatRequest }, by = client): Promise<OpenRouterError> {
    const failure = (await rejectionOf(by.chat.send(request))) as OpenRouterError;
    const { error } = JSON.parse(failure.body) as { error: { code: number; message: string } };
    expect(error.code).toBe(failure.statusCode);
    expect(failure.message).toBe(error.message);
    return failure;
  }

  test('400, 401, 403, 404 and 413 have their own class each', async () => {
    const oversized = 'x'.repeat(70 * 1024);
    const management = ask('hi');
    expect(await failureOf(ask('hi', { temperature: 9 }))).toBeInstanceOf(BadRequestResponseError);
    expect(await failureOf(ask('hi'), clientOf('wrong'))).toBeInstanceOf(UnauthorizedResponseError);
    expect(await failureOf(management, manager)).toBeInstanceOf(ForbiddenResponseError);
    expect(await failureOf(ask('hi', { provider: { only: ['nobody'] } }))).toBeInstanceOf(
      NotFoundResponseError,
    );
    expect(await failureOf(ask(oversized))).toBeInstanceOf(PayloadTooLargeResponseError);
  });

  test('402 tells which cap refused', async () => {
    const { key } = await makeKey(gateway, { limit: 0 });
    const failure = await failureOf(ask('hi'), clientOf(key));
    expect(failure).toBeInstanceOf(PaymentRequiredResponseError);
    const { metadata } = (JSON.parse(failure.body) as { error: { metadata: object } }).error;
    expect(metadata).toMatchObject({
      limit_source: 'openrouter_key_limit',
      scope: 'key_limit',
      limit_usd: 0,
    });
  });

  test('429, 502 and 503 of a provider have their own class each', async () => {
    const classes = [
      [429, TooManyRequestsResponseError],
      [500, BadGatewayResponseError],
      [503, ServiceUnavailableResponseError],
    ] as const;
    for (const [status, expected] of classes) {
      gateway.provider.script({ behaviour: { status } });
      expect(await failureOf(ask('hi'))).toBeInstanceOf(expected);
    }
  });
});
