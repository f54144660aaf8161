/** Vectors through the whole gateway: as the official clients ask for them, what they cost, and what becomes of wrong answers. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import OpenAI, { type APIError, BadRequestError } from 'openai';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { engines, rejectionOf } from '../../databases.ts';
import { vectorOf } from '../../fake-provider/embeddings.ts';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { type MadeKey, makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { getJson } from '../faults/bench.ts';

/** Of `acme/vectors`, in nano-USD a token. */
const TOKEN_NANO_USD = 20;
const model = 'acme/vectors';

/** A second provider, whose address is known before a gateway starts. */
let tiny: FakeProvider;
beforeAll(() => {
  tiny = startFakeProvider();
});
afterAll(() => tiny?.stop());
afterEach(() => tiny.clearRequests());

function withVectors(engine: 'sqlite' | 'postgres') {
  const endpoint = (provider: string, upstream: string) => ({
    ...{ provider, model: upstream, pricing: { prompt: '0.00000002', completion: '0' } },
  });
  const vectors = (id: string, ...endpoints: object[]) => ({
    ...{ id, context_length: 8192, output_modalities: ['embeddings'], endpoints },
  });
  return startGateway({
    engine,
    config: {
      providers: [
        // As the engine of many a self-hoster: few inputs at a time, and base64.
        {
          slug: 'tiny',
          base_url: tiny.baseUrl,
          api_key: 'k',
          quirks: { base64_embeddings: true, embeddings_at_once: 2 },
        },
      ],
      models: [
        vectors('acme/tiny-vectors', endpoint('tiny', 'tiny-2026')),
        vectors(model, endpoint('acme', 'vectors-2026')),
        vectors('acme/twice-vectors', endpoint('acme', 'twice-acme'), endpoint('backup', 'twice-backup')),
      ],
    },
  });
}

describe.each(engines)('embeddings, on $name', ({ name }) => {
  let gateway: TestGateway;
  let client: OpenAI;

  beforeAll(async () => {
    gateway = await withVectors(name);
    client = clientOf(gateway.apiKey);
  });
  afterAll(() => gateway?.stop());
  afterEach(() => {
    gateway.provider.clearScripts();
    gateway.provider.clearRequests();
  });

  const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: gateway.baseUrl, maxRetries: 0 });
  const sentBody = () => gateway.provider.requests.at(-1)?.body as Record<string, unknown>;
  const post = (body: object, key = gateway.apiKey) =>
    fetch(`${gateway.baseUrl}/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'hello', ...body }),
    });
  const script = (behaviour: object, match: object = {}) => gateway.provider.script({ match, behaviour });
  const spentOf = async ({ key }: MadeKey): Promise<number> =>
    (await getJson(gateway, '/key', key)).data.usage;

  test('the openai client, which asks for base64 by itself, and the same vectors where it asks for numbers', async () => {
    const input = ['one', 'two', 'three'];
    const expected = input.map((text) => vectorOf(text));
    const asItDoes = await client.embeddings.create({ model, input });
    expect(asItDoes.data.map(({ embedding }) => embedding)).toEqual(expected);
    expect(asItDoes.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(asItDoes).toMatchObject({ object: 'list', model, usage: { prompt_tokens: 4, total_tokens: 4 } });
    const numbers = await client.embeddings.create({ model, input, encoding_format: 'float' });
    expect(numbers.data).toEqual(asItDoes.data);
    expect(sentBody()).toEqual({ model: 'vectors-2026', input });
  });

  test('on the wire base64 is what was asked for, and numbers what was not', async () => {
    const answers = await Promise.all(
      [{}, { encoding_format: 'base64' }].map(async (body) => (await post(body)).json()),
    );
    const [plain, base64] = answers.map(
      (answer) => (answer as OpenAI.CreateEmbeddingResponse).data[0]?.embedding as unknown,
    );
    expect(plain).toEqual(vectorOf('hello'));
    const bytes = Buffer.from(base64 as string, 'base64');
    expect(Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))).toEqual(
      vectorOf('hello'),
    );
  });

  test('tokens, one list or many, and the length that was asked for', async () => {
    const { data, usage } = await client.embeddings.create({ model, input: [[1, 2, 3], [4]], dimensions: 3 });
    expect(data.map(({ embedding }) => embedding)).toEqual([vectorOf([1, 2, 3], 3), vectorOf([4], 3)]);
    expect(usage.prompt_tokens).toBe(4);
    expect(sentBody()).toMatchObject({ input: [[1, 2, 3], [4]], dimensions: 3 });
  });

  test('the official OpenRouter client finds the models and takes the answer', async () => {
    const sdk = new OpenRouter({
      apiKey: gateway.apiKey,
      serverURL: gateway.baseUrl,
      retryConfig: { strategy: 'none' },
    });
    const listed = await sdk.embeddings.listModels();
    const ids = listed.result.data.map(({ id }) => id).sort();
    expect(ids).toEqual(['acme/tiny-vectors', 'acme/twice-vectors', model]);
    expect(listed.result.data[0]?.architecture.outputModalities).toEqual(['embeddings']);
    const models = await sdk.models.list();
    expect(models.result.data.map(({ id }) => id)).not.toContain(model);
    const answer = await sdk.embeddings.generate({
      requestBody: { model, input: ['hello'], inputType: 'query' },
    });
    if (typeof answer === 'string') throw new Error('answered with a text');
    expect(answer.data[0]?.embedding).toEqual(vectorOf('hello'));
    expect(answer.usage).toMatchObject({
      promptTokens: 2,
      totalTokens: 2,
      cost: (2 * TOKEN_NANO_USD) / 1e9,
      isByok: false,
    });
    expect(answer.id).toStartWith('gen-');
  });

  test('costs what the provider counted, to the nano-USD, and is on record as what it was', async () => {
    const key = await makeKey(gateway, { limit: 1 });
    script({ usage: { prompt_tokens: 5432, total_tokens: 5432 } });
    const input = 'x'.repeat(6000);
    const answer = await post({ input, session_id: 'crawl-1', user: 'u', trace: { trace_id: 't' } }, key.key);
    const body = (await answer.json()) as { id: string; usage: { cost: number } };
    expect(body.usage.cost).toBe((5432 * TOKEN_NANO_USD) / 1e9);
    expect(answer.headers.get('x-generation-id')).toBe(body.id);
    expect(sentBody()).toEqual({ model: 'vectors-2026', input: [input] });
    const { data } = await getJson(gateway, `/generation?id=${body.id}`);
    expect(data).toMatchObject({
      ...{ api_type: 'embeddings', total_cost: body.usage.cost, tokens_prompt: 5432, tokens_completion: 0 },
      ...{ streamed: false, finish_reason: null, is_estimated: false, session_id: 'crawl-1', model },
    });
    expect(await spentOf(key)).toBe(body.usage.cost);
  });

  test('is estimated where nobody counted: by bytes, or exactly where tokens were sent', async () => {
    for (const [input, tokens] of [
      ['x'.repeat(400), 100],
      [[1, 2, 3], 3],
    ] as const) {
      script({ usage: null });
      const body = (await (await post({ input })).json()) as { id: string; usage: object };
      expect(body.usage).toMatchObject({ prompt_tokens: tokens, cost: (tokens * TOKEN_NANO_USD) / 1e9 });
      expect((await getJson(gateway, `/generation?id=${body.id}`)).data.is_estimated).toBe(true);
    }
  });

  test('a key whose limit does not pay for the input is refused before anybody is asked', async () => {
    // 1000 bytes may be 1000 tokens and those around them: 20,320 nano-USD at most.
    const [short, enough] = [
      await makeKey(gateway, { limit: 0.00002 }),
      await makeKey(gateway, { limit: 0.000021 }),
    ];
    const input = 'x'.repeat(1000);
    const refused = await post({ input }, short.key);
    expect([refused.status, gateway.provider.requests.length]).toEqual([402, 0]);
    const { error } = (await refused.json()) as { error: { message: string } };
    expect(error.message).toContain('does not pay for this input');
    expect((await post({ input }, enough.key)).status).toBe(200);
    expect(await spentOf(enough)).toBe((250 * TOKEN_NANO_USD) / 1e9);
    // What is left pays for no second one.
    expect((await post({ input }, enough.key)).status).toBe(402);
    expect(await spentOf(short)).toBe(0);
  });

  test('many inputs are not bounded by the context of one', async () => {
    const key = await makeKey(gateway, { limit: 0.0005 });
    // 4 times 8000 bytes: at most 32,064 tokens, which is more than one context and more than the limit pays for.
    expect((await post({ input: Array(4).fill('x'.repeat(8000)) }, key.key)).status).toBe(402);
    expect((await post({ input: Array(2).fill('x'.repeat(8000)) }, key.key)).status).toBe(200);
  });

  test('a provider that reports more than was held is charged no more than that', async () => {
    const key = await makeKey(gateway, { limit: 0.001 });
    script({ usage: { prompt_tokens: 1_000_000 } });
    const body = (await (await post({}, key.key)).json()) as { usage: { cost: number } };
    expect(body.usage.cost).toBe(((5 + 16) * TOKEN_NANO_USD) / 1e9);
    expect(await spentOf(key)).toBe(body.usage.cost);
  });

  test('paid work of which nobody knows the price is refused under a limit, and passed on without one', async () => {
    const key = await makeKey(gateway, { limit: 1 });
    const refused = await post({ service_tier: 'priority' }, key.key);
    expect([refused.status, gateway.provider.requests.length]).toEqual([402, 0]);
    expect((await post({ service_tier: 'priority' })).status).toBe(200);
    expect(sentBody()['service_tier']).toBe('priority');
  });

  test.each([
    ['too few vectors', { vectorCount: 1 }],
    ['too many vectors', { vectorCount: 3 }],
    ['nulls', { body: { object: 'list', data: [{ embedding: [null] }, { embedding: [null] }] } }],
    ['NaN', { body: '{"object":"list","data":[{"embedding":[NaN]},{"embedding":[NaN]}]}' }],
    ['a body that is cut off', { truncateAfterChunks: 0 }],
    ['a connection that is reset', { resetAfterChunks: 0 }],
    ['HTML', { garbage: 'html' }],
    ['an error', { status: 500 }],
  ])(
    '%s: 502, nothing is charged, and the next endpoint answers where there is one',
    async (_, behaviour) => {
      const key = await makeKey(gateway, { limit: 1 });
      script(behaviour);
      const failed = await post({ input: ['a', 'b'] }, key.key);
      expect(failed.status).toBe(502);
      expect(await spentOf(key)).toBe(0);
      script(behaviour, { model: 'twice-acme' });
      script(behaviour, { model: 'twice-acme' });
      const request = {
        model: 'acme/twice-vectors',
        input: ['a', 'b'],
        provider: { order: ['acme', 'backup'] },
      };
      const answered = await post(request, key.key);
      expect(answered.status).toBe(200);
      expect(await answered.json()).toMatchObject({ provider: 'Backup' });
    },
  );

  test('the order of the answer is that of the inputs, whatever order it came in, byte by byte', async () => {
    script({ reversed: true, onebyte: true });
    const { data } = await client.embeddings.create({ model, input: ['a', 'b'] });
    expect(data.map(({ embedding }) => embedding)).toEqual([vectorOf('a'), vectorOf('b')]);
  });

  test('more inputs than a provider takes at once are sent in batches, and cost what all of them counted', async () => {
    const input = ['one', 'two', 'three', 'four', 'five'];
    const request = { model: 'acme/tiny-vectors', input };
    const { data, usage } = await client.embeddings.create(request);
    expect(data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text)));
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(tiny.requests.map(({ body }) => body)).toMatchObject([
      { input: ['one', 'two'], encoding_format: 'base64' },
      { input: ['three', 'four'] },
      { input: ['five'] },
    ]);
    expect(usage).toMatchObject({ prompt_tokens: 6, cost: (6 * TOKEN_NANO_USD) / 1e9 });
    const numbers = await client.embeddings.create({ ...request, encoding_format: 'float' });
    expect(numbers.data).toEqual(data);
  });

  test('a batch that fails fails the whole, which costs nothing', async () => {
    const key = await makeKey(gateway, { limit: 1 });
    tiny.script({ match: { contains: 'four' }, behaviour: { status: 500 } });
    const failed = await post(
      { model: 'acme/tiny-vectors', input: ['one', 'two', 'three', 'four', 'five'] },
      key.key,
    );
    expect([failed.status, tiny.requests.length, await spentOf(key)]).toEqual([502, 2, 0]);
  });

  test('a length that was not given is the caller’s to mend, and costs nothing', async () => {
    const key = await makeKey(gateway, { limit: 1 });
    script({ body: { object: 'list', data: [{ embedding: [1, 2, 3] }] } });
    const error = await rejectionOf(
      clientOf(key.key).embeddings.create({ model, input: 'a', dimensions: 2 }),
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.message).toContain('this model gives vectors of 3 numbers and was asked for 2');
    expect(await spentOf(key)).toBe(0);
  });

  test('a model of the other kind is refused on either path, with what to change', async () => {
    const wrong = await post({ model: 'acme/small' });
    const chat = await rejectionOf(
      client.chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }] }),
    );
    const body = (await wrong.json()) as { error: { availability: object } };
    expect(wrong.status).toBe(400);
    expect(body.error.availability).toMatchObject({ code: 'wrong_endpoint', constraint: { field: 'model' } });
    expect((chat as APIError).status).toBe(400);
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('nobody without an API key gets in', async () => {
    expect((await post({}, 'sk-or-v1-none')).status).toBe(401);
    expect((await post({}, gateway.managementKey)).status).toBe(403);
  });

  test('counters, records and ledger agree about all of it', async () => {
    const { fault, generations } = await verifyLedger(gateway.database.db);
    expect([fault, generations > 0]).toEqual([null, true]);
  });
});
