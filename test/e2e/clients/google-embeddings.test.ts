/** Vectors as Google's clients ask for them: the official client, unmodified but for its base URL, and the bytes of its siblings. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { ApiError, GoogleGenAI } from '@google/genai';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { rejectionOf } from '../../databases.ts';
import { vectorOf } from '../../fake-provider/embeddings.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { getJson } from '../faults/bench.ts';

/** Of both models, in nano-USD a token. */
const TOKEN_NANO_USD = 20;
const model = 'acme/vectors';

/** Google's own API: what it was sent, and one vector for each content. */
const posted: { path: string; body: { requests: object[] } }[] = [];
const google = Bun.serve({
  ...{ port: 0, hostname: '127.0.0.1' },
  async fetch(request) {
    const body = (await request.json()) as { requests: object[] };
    posted.push({ path: new URL(request.url).pathname, body });
    return Response.json({
      embeddings: body.requests.map((_, at) => ({ values: [at, 0.5] })),
      usageMetadata: { promptTokenCount: 7, promptTokenDetails: [{ modality: 'TEXT', tokenCount: 7 }] },
    });
  },
});
let gateway: TestGateway;

beforeAll(async () => {
  const pricing = { prompt: '0.00000002', completion: '0' };
  const vectors = (id: string, provider: string, upstream: string) => ({
    ...{ id, context_length: 8192, output_modalities: ['embeddings'] },
    endpoints: [{ provider, model: upstream, pricing }],
  });
  gateway = await startGateway({
    config: {
      providers: [
        {
          ...{ slug: 'gemini', format: 'google', api_key: 'k' },
          base_url: `http://127.0.0.1:${google.port}/v1beta`,
        },
      ],
      models: [
        vectors(model, 'acme', 'vectors-2026'),
        vectors('google/gemini-embedding-001', 'gemini', 'gemini-embedding-001'),
      ],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await google.stop(true);
});
afterEach(() => {
  gateway.provider.clearScripts();
  gateway.provider.clearRequests();
  posted.length = 0;
});

const clientOf = (apiVersion?: string, apiKey = gateway.apiKey) =>
  new GoogleGenAI({
    apiKey,
    httpOptions: { baseUrl: `${gateway.url}/api`, ...(apiVersion === undefined ? {} : { apiVersion }) },
  });

async function post(path: string, body: object, key = gateway.apiKey): Promise<Response> {
  return await fetch(`${gateway.url}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': key },
    body: JSON.stringify(body),
  });
}

const sentBody = () => gateway.provider.requests.at(-1)?.body as Record<string, unknown>;
const content = (text: string) => ({ parts: [{ text }] });

describe('the official client', () => {
  test.each([undefined, 'v1beta', 'v1'])(
    'gets a vector for each content, of version %p of the API',
    async (version) => {
      const { embeddings } = await clientOf(version).models.embedContent({
        ...{ model, contents: ['one', 'two'], config: { outputDimensionality: 3 } },
      });
      expect(embeddings?.map(({ values }) => values)).toEqual([vectorOf('one', 3), vectorOf('two', 3)]);
      expect(sentBody()).toEqual({ model: 'vectors-2026', input: ['one', 'two'], dimensions: 3 });
    },
  );

  test('is told Google’s own answer, and Google what it was asked', async () => {
    const { embeddings } = await clientOf().models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['one', 'two'],
      config: { taskType: 'RETRIEVAL_DOCUMENT', title: 'On Turnpikes', outputDimensionality: 2 },
    });
    expect(embeddings?.map(({ values }) => values)).toEqual([
      [0, 0.5],
      [1, 0.5],
    ]);
    const common = { model: 'models/gemini-embedding-001', outputDimensionality: 2 };
    expect(posted).toEqual([
      {
        path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
        body: {
          requests: ['one', 'two'].map((text) => ({
            ...{ ...common, taskType: 'RETRIEVAL_DOCUMENT', title: 'On Turnpikes', content: content(text) },
          })),
        },
      },
    ]);
  });

  test('lists the models that embed among the others, whichever version it asks', async () => {
    for (const version of [undefined, 'v1beta', 'v1']) {
      const methods = new Map<string | undefined, readonly string[] | undefined>();
      for await (const { name, supportedActions } of await clientOf(version).models.list())
        methods.set(name, supportedActions);
      expect(methods.get(`models/${model}`)).toEqual(['embedContent', 'batchEmbedContents']);
      expect(methods.get('models/acme/small')).toContain('generateContent');
      const one = await clientOf(version).models.get({ model: 'acme/small' });
      expect(one).toMatchObject({ name: 'models/acme/small', inputTokenLimit: 128_000 });
    }
  });

  test('reads why it is refused', async () => {
    const wrongKey = await rejectionOf(
      clientOf('v1beta', 'sk-or-v1-nobody').models.embedContent({ model, contents: 'a' }),
    );
    const wrongKind = await rejectionOf(
      clientOf().models.embedContent({ model: 'acme/small', contents: 'a' }),
    );
    expect([wrongKey, wrongKind].map((error) => (error as ApiError).status)).toEqual([401, 400]);
    expect(wrongKey).toBeInstanceOf(ApiError);
    expect(JSON.parse(wrongKind.message)).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } });
    expect(gateway.provider.requests).toHaveLength(0);
  });
});

test('one content is answered with one vector, what it counted and what it cost, to the nano-USD', async () => {
  const key = await makeKey(gateway, { limit: 1 });
  gateway.provider.script({ behaviour: { usage: { prompt_tokens: 43, total_tokens: 43 } } });
  const answer = await post(
    `/v1beta/models/${model}:embedContent`,
    { content: content('x'.repeat(60)), session_id: 'crawl-1' },
    key.key,
  );
  const cost = (43 * TOKEN_NANO_USD) / 1e9;
  expect(await answer.json()).toEqual({
    embedding: { values: vectorOf('x'.repeat(60)) },
    usageMetadata: {
      promptTokenCount: 43,
      promptTokenDetails: [{ modality: 'TEXT', tokenCount: 43 }],
      cost,
    },
  });
  const id = answer.headers.get('x-generation-id');
  expect((await getJson(gateway, `/generation?id=${id}`)).data).toMatchObject({
    ...{ api_type: 'embeddings', total_cost: cost, tokens_prompt: 43, session_id: 'crawl-1', model },
  });
  expect((await getJson(gateway, '/key', key.key)).data.usage).toBe(cost);
});

test('a key whose limit does not pay for it is refused before anybody is asked', async () => {
  const key = await makeKey(gateway, { limit: 0.00002 });
  const asked = { content: content('x'.repeat(1000)) };
  const refused = await post(`/v1beta/models/${model}:embedContent`, asked, key.key);
  expect([refused.status, gateway.provider.requests.length]).toEqual([402, 0]);
  expect(await refused.json()).toMatchObject({ error: { code: 402, status: 'FAILED_PRECONDITION' } });
});

test.each([
  ['/v1beta/models/acme/vectors'],
  ['/v1beta/models/acme%2Fvectors'],
  ['/v1/models/acme/vectors'],
  ['/v1beta/acme/vectors'],
])('%s is where its siblings post', async (path) => {
  const answer = await post(`${path}:batchEmbedContents`, { requests: [{ content: content('a') }] });
  expect(await answer.json()).toMatchObject({ embeddings: [{ values: vectorOf('a') }] });
});

test.each([
  ['a provider that fails', { status: 500 }, 502, 'UNAVAILABLE'],
  ['one that is full', { status: 429 }, 429, 'RESOURCE_EXHAUSTED'],
  ['one that gives too few vectors', { vectorCount: 1 }, 502, 'UNAVAILABLE'],
])('%s is told in Google’s form, and costs nothing', async (_, behaviour, code, status) => {
  const key = await makeKey(gateway, { limit: 1 });
  gateway.provider.script({ behaviour });
  const requests = [{ content: content('a') }, { content: content('b') }];
  const failed = await post(`/v1beta/models/${model}:batchEmbedContents`, { requests }, key.key);
  expect([failed.status, await failed.json()]).toMatchObject([code, { error: { code, status } }]);
  expect((await getJson(gateway, '/key', key.key)).data.usage).toBe(0);
});

test('OpenRouter’s clients still read OpenRouter’s list', async () => {
  const listed = await (await fetch(`${gateway.baseUrl}/models`)).json();
  expect(listed).toMatchObject({ object: 'list', data: expect.any(Array) });
  expect(await (await fetch(`${gateway.baseUrl}/models/acme/small`)).json()).toMatchObject({
    id: 'acme/small',
  });
});

test('counters, records and ledger agree about all of it', async () => {
  const { fault, generations } = await verifyLedger(gateway.database.db);
  expect([fault, generations > 0]).toEqual([null, true]);
});
