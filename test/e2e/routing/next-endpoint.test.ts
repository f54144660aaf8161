/**
 * What the next endpoint is asked after, and what not: answers as vendors have given them to people who reported it, with the report.
 * The endpoints are of one model, dearer from a to c; `lone` has a model of its own.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../../src/json.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { askerOf } from './asking.ts';

type Answer = () => Response;

const USAGE = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
const NO_TOKENS = { prompt_tokens: 10, completion_tokens: 0, total_tokens: 10 };
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  () =>
    Response.json(body, { status, headers });
const completion = (message: object, finish_reason: string | null, usage: object = USAGE): Answer =>
  json(200, {
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1741569952, model: 'up', usage },
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  });
const stream =
  (...events: readonly (object | string)[]): Answer =>
  () =>
    new Response(
      events
        .map((event) => (typeof event === 'string' ? `${event}\n\n` : `data: ${JSON.stringify(event)}\n\n`))
        .join(''),
      { headers: { 'content-type': 'text/event-stream' } },
    );
const chunk = (delta: object, finish_reason: string | null = null) => ({
  ...{ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1741569952, model: 'up' },
  choices: [{ index: 0, delta, finish_reason }],
});
const counts = (usage: object) => ({ ...chunk({}), choices: [], usage });
const ROLE = chunk({ role: 'assistant', content: '' });
const DONE = 'data: [DONE]';

const scripts = new Map<string, Answer>();
let asked: string[] = [];
let providers: ReturnType<typeof Bun.serve>;
let gateway: TestGateway;
const { ask, explain, generation } = askerOf(() => gateway);

beforeAll(async () => {
  providers = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const slug = new URL(request.url).pathname.split('/')[1] ?? '';
      const body = (await request.json()) as JsonObject;
      asked.push(slug);
      const script = scripts.get(slug);
      if (script !== undefined) return script();
      if (body['stream'] !== true) return completion({ content: `${slug} here` }, 'stop')();
      return stream(chunk({ role: 'assistant', content: `${slug} here` }), chunk({}, 'stop'), DONE)();
    },
  });
  const provider = (slug: string, name: string, format = 'openai') => ({
    ...{ slug, name, format, api_key: `key-of-${slug}` },
    base_url: `http://127.0.0.1:${providers.port}/${slug}/v1`,
  });
  const endpoint = (slug: string, dollars: number, more: object = {}) => ({
    ...{ provider: slug, model: 'up', ...more },
    pricing: { prompt: `0.00000${dollars}`, completion: `0.00000${dollars}` },
  });
  gateway = await startGateway({
    config: {
      providers: [
        ...[provider('a', 'Alpha AI'), provider('b', 'BetaCloud'), provider('c', 'Gamma')],
        ...[provider('lone', 'Lone'), provider('claude', 'Claude', 'anthropic')],
        provider('gemini', 'Gemini', 'google'),
      ],
      models: [
        {
          ...{ id: 'many/offers', context_length: 128_000 },
          endpoints: [
            endpoint('a', 1, { context_length: 1000, quantization: 'fp8' }),
            endpoint('b', 2, { context_length: 128_000 }),
            endpoint('c', 3, { context_length: 1000 }),
          ],
        },
        { id: 'one/offer', context_length: 1000, endpoints: [endpoint('lone', 1)] },
        {
          ...{ id: 'claude/first', context_length: 1000 },
          endpoints: [endpoint('claude', 1), endpoint('b', 2)],
        },
        {
          ...{ id: 'gemini/first', context_length: 1000 },
          endpoints: [endpoint('gemini', 1), endpoint('b', 2)],
        },
      ],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop(true);
});
afterEach(() => {
  scripts.clear();
  asked = [];
  // Whoever sits out or had an outage has had its time.
  gateway.anHourLater();
});

const OFFERS = { model: 'many/offers', provider: { sort: 'price' } };

async function streamed(body: object): Promise<string> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}` },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], stream: true, ...body }),
  });
  return await answer.text();
}

describe('an answer that is none', () => {
  test.each<[string, Answer]>([
    // ENTERPILOT/GoModel#947, kortix-ai/suna#4099.
    ['no choices', json(200, { object: 'chat.completion', choices: [], usage: USAGE })],
    // diegosouzapw/OmniRoute#7000.
    ['nothing, and no reason', json(200, { choices: [{ message: { role: 'assistant', content: null } }] })],
    // mnfst/llm-gateway#2709.
    ['done without a token', completion({ content: '' }, 'stop', NO_TOKENS)],
    ['an empty body', () => new Response('', { headers: { 'content-type': 'application/json' } })],
    ['a page', () => new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } })],
  ])('lets the next one answer: %s', async (_, answer) => {
    scripts.set('a', answer);
    const { status, body } = await ask(OFFERS);
    expect([status, body['choices'][0].message.content, asked]).toEqual([200, 'b here', ['a', 'b']]);
  });

  test.each<[string, Answer]>([
    ['the role, and no reason', stream(ROLE, DONE)],
    ['done without a token', stream(ROLE, chunk({}, 'stop'), counts(NO_TOKENS), DONE)],
    ['a count alone', stream(counts(NO_TOKENS), DONE)],
    // vLLM's continuous_usage_stats.
    [
      'counts from the first chunk on, and an error',
      stream({ ...ROLE, usage: NO_TOKENS }, { error: { message: 'Engine died', code: 500 } }),
    ],
    // musistudio/claude-code-router#1759.
    [
      'comments, and an error',
      stream(': OPENROUTER PROCESSING', { error: { message: 'Rate limit exceeded', code: 429 } }),
    ],
  ])('nor does such a stream reach anybody: %s', async (_, answer) => {
    scripts.set('a', answer);
    const text = await streamed(OFFERS);
    expect([asked, text.includes('b here'), text.includes('"error"')]).toEqual([['a', 'b'], true, false]);
  });

  // Wei-Shaw/sub2api#5567: Anthropic counts the prompt in its first event.
  test('an overload that Anthropic tells of after the beginning of its message is one', async () => {
    const usage = { input_tokens: 10, output_tokens: 1 };
    scripts.set(
      'claude',
      stream(
        `event: message_start\ndata: ${JSON.stringify({
          type: 'message_start',
          message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [], usage },
        })}`,
        'event: ping\ndata: {"type": "ping"}',
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      ),
    );
    expect(await streamed({ model: 'claude/first', provider: { sort: 'price' } })).toContain('b here');
    expect(asked).toEqual(['claude', 'b']);
  });

  // BerriAI/litellm#14655.
  test('nor do Gemini’s empty candidates and an empty message of Anthropic’s', async () => {
    scripts.set(
      'gemini',
      json(200, {
        candidates: [{ content: { role: 'model' }, finishReason: 'STOP', index: 0 }],
        usageMetadata: { promptTokenCount: 4083, totalTokenCount: 4083 },
      }),
    );
    scripts.set(
      'claude',
      json(200, {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [] },
        ...{ stop_reason: 'end_turn', usage: { input_tokens: 10, output_tokens: 0 } },
      }),
    );
    for (const model of ['gemini/first', 'claude/first']) {
      const { body } = await ask({ model, provider: { sort: 'price' } });
      expect([model, body['provider']]).toEqual([model, 'BetaCloud']);
    }
    expect(asked).toEqual(['gemini', 'b', 'claude', 'b']);
  });

  test('of the only one the caller hears, and nothing is charged', async () => {
    scripts.set('lone', completion({ content: '' }, 'stop', NO_TOKENS));
    const { status, headers, body } = await ask({ model: 'one/offer' });
    expect([status, body['error'].message]).toEqual([502, 'Provider returned an empty answer']);
    const { total_cost } = await generation(headers.get('x-generation-id'));
    expect(total_cost).toBe(0);
  });

  test('one that stopped at a filter or says nothing for its tokens is an answer', async () => {
    for (const answer of [
      completion({ content: '' }, 'content_filter', NO_TOKENS),
      completion({ content: '' }, 'stop', { ...USAGE, completion_tokens: 2 }),
    ]) {
      scripts.set('a', answer);
      expect((await ask(OFFERS)).status).toBe(200);
    }
    expect(asked).toEqual(['a', 'a']);
  });
});

describe('a refusal that is about the provider', () => {
  test.each<[string, Answer]>([
    // ConardLi/easy-dataset#9.
    [
      'DeepSeek has no such model',
      json(400, {
        error: {
          ...{ message: 'Model Not Exist', type: 'invalid_request_error', param: null },
          code: 'invalid_request_error',
        },
      }),
    ],
    // valentinfrlch/ha-llmvision#324.
    [
      'Groq has it no more',
      json(400, {
        error: {
          message:
            'The model `llama-3.2-11b-vision-preview` has been decommissioned and is no longer supported.',
          ...{ type: 'invalid_request_error', code: 'model_decommissioned' },
        },
      }),
    ],
    // vLLM, of a name that it was not started with.
    [
      'vLLM knows it by another name',
      json(404, {
        object: 'error',
        message: 'The model `up` does not exist.',
        type: 'NotFoundError',
        code: 404,
      }),
    ],
    // mostlygeek/llama-swap#146.
    [
      'llama.cpp still loads it',
      json(503, { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }),
    ],
    [
      'it is overloaded',
      json(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ],
    ['the operator’s credits are used up', json(402, { error: { message: 'Insufficient credits' } })],
    // Answers of vLLM, LM Studio and others that were reported to NousResearch/hermes-agent#102044.
    ['it could not load it', json(500, { error: { message: 'model name=x failed to load', code: 500 } })],
  ])('is nobody else’s: %s', async (_, answer) => {
    scripts.set('a', answer);
    const { status, body } = await ask(OFFERS);
    expect([status, body['provider'], asked]).toEqual([200, 'BetaCloud', ['a', 'b']]);
  });

  test('of the only one the caller reads nothing of the operator’s model names', async () => {
    scripts.set('lone', json(400, { error: { message: 'secret-name is not a valid model ID', code: 400 } }));
    const { status, body } = await ask({ model: 'one/offer' });
    expect(status).toBe(502);
    expect(JSON.stringify(body)).not.toContain('secret-name');
  });
});

describe('what the prompt says', () => {
  // UKGovernmentBEIS/inspect_ai#2267, theopenco/llmgateway#1785: there the key was put aside for it.
  const flagged = json(403, {
    code: 'The caller does not have permission to execute the specified operation',
    error:
      'Content violates usage guidelines. Team: team-1, API key ID: key-1, Model: grok-4, Failed check: SAFETY_CHECK_TYPE_BIO',
  });

  test('is refused by one provider alone, and puts neither its key nor its endpoint aside for others', async () => {
    scripts.set('a', flagged);
    expect((await ask(OFFERS)).body['provider']).toBe('BetaCloud');
    scripts.clear();
    expect((await ask(OFFERS)).body['provider']).toBe('Alpha AI');
    const { endpoints } = await explain(OFFERS);
    expect(endpoints.map(({ standing }: JsonObject) => standing)).toEqual(['well', 'well', 'well']);
  });

  test('is told to the caller where nobody else is left, without the operator’s account there', async () => {
    scripts.set('lone', flagged);
    const { status, body } = await ask({ model: 'one/offer' });
    expect([status, body['error'].message]).toEqual([
      403,
      'Provider refused what this request says, by its own content policy',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/team-1|key-1/);
  });

  // MarimerLLC/rockbot#209.
  test('and Azure’s filter is not everybody’s; without fallbacks its own sentence is the answer', async () => {
    const message =
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.";
    scripts.set('a', json(400, { error: { message, type: null, param: 'prompt', code: 'content_filter' } }));
    expect((await ask(OFFERS)).body['provider']).toBe('BetaCloud');
    const { status, body } = await ask({ ...OFFERS, provider: { sort: 'price', allow_fallbacks: false } });
    expect([status, body['error'].message]).toEqual([400, message]);
  });
});

describe('too long a prompt', () => {
  // BerriAI/litellm#31557, musistudio/claude-code-router#252.
  const tooLong = json(400, {
    error: {
      message:
        "This model's maximum context length is 1000 tokens. However, your messages resulted in 1135 tokens.",
      ...{ type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' },
    },
  });

  test('goes on to an endpoint with a longer context, and to no other', async () => {
    scripts.set('a', tooLong);
    expect((await ask(OFFERS)).body['provider']).toBe('BetaCloud');
    scripts.set('b', tooLong);
    const { status, body } = await ask(OFFERS);
    expect([status, body['error'].metadata.error_code]).toEqual([400, 'context_length_exceeded']);
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
  });

  test('is not sent first to whom it cannot fit', async () => {
    const messages = [{ role: 'user', content: 'word '.repeat(5000) }];
    expect((await ask({ ...OFFERS, messages })).body['provider']).toBe('BetaCloud');
    expect(asked).toEqual(['b']);
  });
});

describe('when to come back', () => {
  const waits = async (answer: Answer) => {
    scripts.set('lone', answer);
    const { status, headers, body } = await ask({ model: 'one/offer' });
    expect([status, body['error'].availability.code]).toEqual([429, 'capacity_exhausted']);
    return Number(headers.get('retry-after'));
  };

  test.each<[string, Answer, number]>([
    // BerriAI/litellm#3274, whose answer had no head to say it.
    [
      'Groq’s sentence',
      json(429, {
        error: {
          message:
            'Rate limit reached for model `mixtral-8x7b-32768` in organization `xxx` on tokens per minute (TPM): Limit 9000, Used 0, Requested ~16008. Please try again in 46.72s.',
          ...{ type: 'tokens', code: 'rate_limit_exceeded' },
        },
      }),
      47,
    ],
    [
      'Azure’s sentence, inside of an answer',
      json(200, {
        error: {
          code: '429',
          message:
            'Requests to the ChatCompletions_Create Operation have exceeded token rate limit. Please retry after 26 seconds.',
        },
      }),
      26,
    ],
    [
      'Google’s RetryInfo',
      json(429, [
        {
          error: {
            ...{ code: 429, message: 'Quota exceeded', status: 'RESOURCE_EXHAUSTED' },
            details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }],
          },
        },
      ]),
      35,
    ],
    ['milliseconds', json(429, { error: { message: 'x' } }, { 'retry-after-ms': '2500' }), 3],
  ])('is read from %s', async (_, answer, seconds) => {
    expect(await waits(answer)).toBe(seconds);
  });

  test('is a date, or the head that OpenRouter passes on inside of its body', async () => {
    const at = Date.now() + 40_000;
    const dated = { 'retry-after': new Date(at).toUTCString() };
    expect(await waits(json(429, { error: { message: 'x' } }, dated))).toBeWithin(35, 41);
    gateway.anHourLater();
    const headers = { 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': `${at}` };
    const passed = { error: { message: 'Rate limit exceeded', code: 429, metadata: { headers } } };
    expect(await waits(json(429, passed))).toBeWithin(30, 41);
  });
});

describe('whoever names a provider as pages show it', () => {
  // koala73/worldmonitor#4993: capitals that named nobody let prompts through to whom they were to keep out.
  test('keeps it out', async () => {
    const { endpoints, excluded } = await explain({
      model: 'many/offers',
      provider: { sort: 'price', ignore: ['Alpha AI', 'C'] },
    });
    expect(endpoints.map(({ tag }: JsonObject) => tag)).toEqual(['b']);
    expect(excluded.map(({ tag }: JsonObject) => tag).sort()).toEqual(['a', 'c']);
  });

  // Kiln-AI/Kiln#767.
  test('is served by it', async () => {
    for (const provider of [{ order: ['Gamma'] }, { only: ['GAMMA', 'C'] }, { order: ['nobody', 'C', 'a'] }])
      expect((await ask({ model: 'many/offers', provider })).body['provider']).toBe('Gamma');
  });

  test('and a precision in capitals is that precision', async () => {
    const { endpoints } = await explain({ model: 'many/offers', provider: { quantizations: ['FP8'] } });
    expect(endpoints.map(({ tag }: JsonObject) => tag)).toEqual(['a']);
  });
});
