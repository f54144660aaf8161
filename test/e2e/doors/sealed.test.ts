/**
 * Two providers of one model, as OpenAI and Azure or Google AI and Vertex are: what one of them sealed goes back to that one, by every
 * door and whole or streamed, and never to the other.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../../harness.ts';
import type { Json } from './intent.ts';

const SEALED = 'gAAAAABpSealedByItsMaker-_0';
const SIGNED = 'CiQBjz1rX1Npbmduzy0xMjM0NTY3ODkwYWJjZGVmZw==';

interface Asked {
  readonly provider: string;
  readonly body: Json;
}

const asked: Asked[] = [];
let vendor: ReturnType<typeof Bun.serve>;
let gateway: TestGateway;
/** Providers that answer 503. */
const down = new Set<string>();

function sse(events: readonly Json[], named: boolean): Response {
  const frames = events.map(
    (event) => `${named ? `event: ${event['type']}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
  );
  return new Response(frames.join(''), { headers: { 'content-type': 'text/event-stream' } });
}

function responsesAnswer(body: Json): Response {
  const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: SEALED };
  const call = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'c1',
    name: 'f',
    arguments: '{}',
    status: 'completed',
  };
  const response = {
    ...{ id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'm' },
    output: [item, call],
    usage: {
      ...{ input_tokens: 5, output_tokens: 5, total_tokens: 10 },
      ...{ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 1 } },
    },
  };
  if (body['stream'] !== true) return Response.json(response);
  const created = { ...response, status: 'in_progress', output: [] };
  return sse(
    [
      { type: 'response.created', response: created },
      { type: 'response.output_item.added', output_index: 0, item: { ...item } },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.output_item.done', output_index: 1, item: call },
      { type: 'response.completed', response },
    ],
    true,
  );
}

const CONTAINER = 'container_011CPR5CNjB747bTd36fQLFk';

function claudeAnswer(body: Json): Response {
  const container = { id: CONTAINER, expires_at: '2026-12-01T00:00:00Z' };
  const usage = { input_tokens: 5, output_tokens: 5 };
  const message = {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null },
    ...{ content: [{ type: 'text', text: 'done' }], stop_reason: 'end_turn', container, usage },
  };
  if (body['stream'] !== true) return Response.json(message);
  return sse(
    [
      {
        type: 'message_start',
        message: { ...message, content: [], stop_reason: null, container: null },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'done' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', container }, usage },
      { type: 'message_stop' },
    ],
    true,
  );
}

function googleAnswer(isStream: boolean): Response {
  const parts = [{ functionCall: { id: 'c1', name: 'f', args: {} }, thoughtSignature: SIGNED }];
  const answer = {
    candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 5, totalTokenCount: 10 },
  };
  return isStream ? sse([answer], false) : Response.json(answer);
}

beforeAll(async () => {
  vendor = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const provider = pathname.split('/')[1] ?? '';
      const body = (await request.json()) as Json;
      asked.push({ provider, body });
      if (down.has(provider)) return Response.json({ error: { message: 'down' } }, { status: 503 });
      if (pathname.endsWith('/responses')) return responsesAnswer(body);
      if (pathname.endsWith('/messages')) return claudeAnswer(body);
      if (pathname.includes('/models/')) return googleAnswer(pathname.includes(':stream'));
      return Response.json({
        choices: [{ index: 0, message: { role: 'assistant', content: 'plain' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
      });
    },
  });
  const provider = (slug: string, format: string) => ({
    ...{ slug, format, base_url: `http://127.0.0.1:${vendor.port}/${slug}`, api_key: `key-of-${slug}` },
    ...(format === 'openai' && slug !== 'plain' ? { quirks: { responses: true } } : {}),
  });
  const pricing = { prompt: '0.000001', completion: '0.000002' };
  const model = (id: string, providers: string[], name: string) => ({
    ...{ id, context_length: 100_000 },
    endpoints: providers.map((slug) => ({ provider: slug, model: name, pricing })),
  });
  gateway = await startGateway({
    config: {
      providers: [
        ...['east', 'west', 'plain'].map((slug) => provider(slug, 'openai')),
        ...['studio', 'vertex'].map((slug) => provider(slug, 'google')),
        ...['north', 'south'].map((slug) => provider(slug, 'anthropic')),
      ],
      models: [
        model('acme/gpt', ['east', 'west'], 'gpt'),
        model('acme/gpt-next', ['west', 'east'], 'gpt-next'),
        model('acme/gem', ['studio', 'vertex'], 'gemini-3-pro'),
        model('acme/claude', ['north', 'south'], 'claude-sonnet-4-5'),
        model('acme/other', ['plain'], 'other'),
      ],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await vendor?.stop(true);
});
beforeEach(() => {
  asked.length = 0;
  down.clear();
});

/** The body, or what the last event of a stream holds of it. */
async function post(path: string, body: Json): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!text.includes('data: ')) return { status: answer.status, body: JSON.parse(text) };
  const events = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Json);
  return { status: answer.status, body: (events.at(-1)?.['response'] ?? events[0]) as Json };
}

const only = (slug: string) => ({ provider: { only: [slug] } });
const RESPONSES = '/api/v1/responses';
const sealedInput = { input: 'hi', include: ['reasoning.encrypted_content'] };

/** A first turn with one of two, and what its client says next. */
async function responsesTurn(slug: string, stream = false): Promise<Json[]> {
  const { body } = await post(RESPONSES, { model: 'acme/gpt', ...sealedInput, ...only(slug), stream });
  asked.length = 0;
  return [
    { role: 'user', content: 'hi' },
    ...(body['output'] as Json[]),
    { type: 'function_call_output', call_id: 'c1', output: 'done' },
  ];
}

const thoughtsSent = () =>
  ((asked[0]?.body['input'] ?? []) as Json[]).filter(({ type }) => type === 'reasoning');

describe('OpenAI’s sealed thoughts', () => {
  test.each([
    ['east', false],
    ['east', true],
    ['west', false],
    ['west', true],
  ])('of %s go back to it alone (streamed: %p)', async (slug, stream) => {
    const input = await responsesTurn(slug, stream);
    expect(JSON.stringify(input)).not.toContain(`"${SEALED}"`);
    for (let turn = 0; turn < 6; turn++) {
      asked.length = 0;
      const { status } = await post(RESPONSES, { model: 'acme/gpt', input });
      expect([status, asked.map(({ provider }) => provider)]).toEqual([200, [slug]]);
      expect(thoughtsSent()).toMatchObject([{ encrypted_content: SEALED }]);
    }
  });

  test('follow their maker to another model of it', async () => {
    const input = await responsesTurn('east');
    const { status } = await post(RESPONSES, { model: 'acme/gpt-next', input });
    expect([status, asked[0]?.provider, thoughtsSent().length]).toEqual([200, 'east', 1]);
  });

  test('go to nobody else while their maker is down: its failure is the answer', async () => {
    const input = await responsesTurn('east');
    down.add('east');
    const { status } = await post(RESPONSES, { model: 'acme/gpt', input });
    expect(status).toBeGreaterThanOrEqual(500);
    expect(new Set(asked.map(({ provider }) => provider))).toEqual(new Set(['east']));
  });

  test('whose maker the request leaves out are refused before anybody is asked', async () => {
    const input = await responsesTurn('east');
    const { status, body } = await post(RESPONSES, {
      model: 'acme/gpt',
      input,
      provider: { ignore: ['east'] },
    });
    expect([status, asked.length]).toEqual([400, 0]);
    expect(JSON.stringify(body)).toContain('east');
  });

  test('stay out where their maker does not serve the model that the client changed to', async () => {
    const input = await responsesTurn('east');
    const { status } = await post(RESPONSES, { model: 'acme/other', input });
    expect([status, asked[0]?.provider]).toEqual([200, 'plain']);
    expect(JSON.stringify(asked[0]?.body)).not.toContain(SEALED);
  });

  test('of two makers: the later one is asked, and the earlier one’s thought is not told to it', async () => {
    const first = await responsesTurn('east');
    const second = await responsesTurn('west');
    await post(RESPONSES, { model: 'acme/gpt', input: [...first, ...second.map((item) => ({ ...item }))] });
    expect([asked[0]?.provider, thoughtsSent().length]).toEqual(['west', 1]);
  });

  test('that bear no mark are nobody’s: as before, the vendor says what it makes of them', async () => {
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' },
    ];
    const { status } = await post(RESPONSES, { model: 'acme/gpt', input });
    expect([status, thoughtsSent().length]).toEqual([200, 1]);
  });

  test('a compacted conversation that nobody of the model can read is refused', async () => {
    const [, thought] = await responsesTurn('east');
    const input = [
      { ...thought, type: 'compaction' },
      { role: 'user', content: 'go on' },
    ];
    const kept = await post(RESPONSES, { model: 'acme/gpt', input });
    expect([kept.status, asked[0]?.provider]).toEqual([200, 'east']);
    expect(((asked[0]?.body['input'] ?? []) as Json[])[0]).toMatchObject({ encrypted_content: SEALED });
    asked.length = 0;
    const { status } = await post(RESPONSES, { model: 'acme/other', input });
    expect([status, asked.length]).toEqual([400, 0]);
  });
});

const ASKED_TOOLS = {
  chat: { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] },
  messages: { tools: [{ name: 'f', input_schema: { type: 'object' } }], max_tokens: 100 },
  responses: { tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }] },
};

interface GeminiDoor {
  readonly path: string;
  first(): Json;
  next(answer: Json): Json;
}

const GEMINI_DOORS: Readonly<Record<string, GeminiDoor>> = {
  gemini: {
    path: '/api/v1beta/models/acme/gem:generateContent',
    first: () => ({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }),
    next: (answer) => ({
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        (answer['candidates'] as { content: Json }[])[0]?.content,
        { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'f', response: {} } }] },
      ],
    }),
  },
  chat: {
    path: '/api/v1/chat/completions',
    first: () => ({ model: 'acme/gem', messages: [{ role: 'user', content: 'hi' }], ...ASKED_TOOLS.chat }),
    next: (answer) => {
      const message = (answer['choices'] as { message: Json }[])[0]?.message;
      const [call] = (message?.['tool_calls'] ?? []) as Json[];
      const result = { role: 'tool', tool_call_id: call?.['id'], content: 'done' };
      const messages = [{ role: 'user', content: 'hi' }, message, result];
      return { model: 'acme/gem', messages, ...ASKED_TOOLS.chat };
    },
  },
  messages: {
    path: '/api/v1/messages',
    first: () => ({
      model: 'acme/gem',
      messages: [{ role: 'user', content: 'hi' }],
      ...ASKED_TOOLS.messages,
    }),
    next: ({ content }) => ({
      model: 'acme/gem',
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content },
        {
          role: 'user',
          content: (content as Json[])
            .filter(({ type }) => type === 'tool_use')
            .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'done' })),
        },
      ],
      ...ASKED_TOOLS.messages,
    }),
  },
  responses: {
    path: RESPONSES,
    first: () => ({ model: 'acme/gem', ...sealedInput, ...ASKED_TOOLS.responses }),
    next: ({ output }) => ({
      model: 'acme/gem',
      input: [
        { role: 'user', content: 'hi' },
        ...(output as Json[]),
        ...(output as Json[])
          .filter(({ type }) => type === 'function_call')
          .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'done' })),
      ],
      ...ASKED_TOOLS.responses,
    }),
  },
};

function signatureSent(): unknown {
  const contents = (asked[0]?.body['contents'] ?? []) as { parts: Json[] }[];
  return contents.flatMap(({ parts }) => parts).find((part) => part['functionCall'] !== undefined)?.[
    'thoughtSignature'
  ];
}

describe('Gemini’s signatures', () => {
  const cases = Object.keys(GEMINI_DOORS).flatMap(
    (door) =>
      [
        [door, 'studio'],
        [door, 'vertex'],
      ] as const,
  );
  test.each(cases)('given by %s go back to %s alone, as they were', async (name, slug) => {
    const door = GEMINI_DOORS[name] as GeminiDoor;
    const { body } = await post(door.path, { ...door.first(), ...only(slug) });
    for (let turn = 0; turn < 6; turn++) {
      asked.length = 0;
      const { status } = await post(door.path, door.next(body));
      expect([status, asked.map(({ provider }) => provider), signatureSent()]).toEqual([200, [slug], SIGNED]);
    }
  });

  test('of a provider that is gone give way to Google’s own word for a call without one', async () => {
    const door = GEMINI_DOORS['gemini'] as GeminiDoor;
    const { body } = await post(door.path, door.first());
    const next = JSON.stringify(door.next(body)).replace(
      /"thoughtSignature":"[^"]+"/,
      `"thoughtSignature":"${Buffer.from('turnpike-seal1:gone:::').toString('base64')}${SIGNED}"`,
    );
    asked.length = 0;
    const { status } = await post(door.path, JSON.parse(next));
    expect([status, signatureSent()]).toEqual([200, 'skip_thought_signature_validator']);
  });
});

describe('a container of Anthropic’s', () => {
  const MESSAGES = '/api/v1/messages';
  const asking = { model: 'acme/claude', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] };

  async function containerOf(slug: string, stream: boolean): Promise<string> {
    const answer = await fetch(`${gateway.url}${MESSAGES}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...asking, ...only(slug), stream }),
    });
    const id = /"container":\{"id":"([^"]+)"/.exec(await answer.text())?.[1];
    if (id === undefined) throw new Error('the answer names no container');
    asked.length = 0;
    return id;
  }

  const cases = ['north', 'south'].flatMap((slug) => [false, true].map((stream) => [slug, stream] as const));
  test.each(cases)('of %s is gone on with there (streamed: %p)', async (slug, stream) => {
    const id = await containerOf(slug, stream);
    for (const container of [id, { id, skills: [] }]) {
      asked.length = 0;
      const { status } = await post(MESSAGES, { ...asking, container });
      expect([status, asked.map(({ provider }) => provider)]).toEqual([200, [slug]]);
      expect(JSON.stringify(asked[0]?.body['container'])).toContain(`"${CONTAINER}"`);
    }
  });

  test('that no answer named is unknown, in Anthropic’s words, and asked for nowhere', async () => {
    const { status, body } = await post(MESSAGES, { ...asking, container: CONTAINER });
    expect([status, asked.length]).toEqual([404, 0]);
    expect(body).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });

  test('is refused where its maker does not serve the model', async () => {
    const container = await containerOf('north', false);
    const { status } = await post(MESSAGES, { ...asking, model: 'acme/other', container });
    expect([status, asked.length]).toEqual([400, 0]);
  });
});
