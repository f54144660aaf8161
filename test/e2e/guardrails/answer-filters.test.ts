/** What content filters make of answers: at every door, from every wire format, whole and streamed a character at a time. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { becomesTrueWithin } from '../../../src/clock.ts';
import { GuardrailRig, type GuardrailRig as Rig } from './rig.ts';
import { type SpokenProvider, startSpokenProvider } from './spoken-provider.ts';

const PRICING = { prompt: '0.000001', completion: '0.000002' };
const FORMATS = {
  chat: { format: 'openai', base: '/v1' },
  responses: { format: 'openai', base: '/v1', quirks: { responses: true } },
  anthropic: { format: 'anthropic', base: '/v1' },
  google: { format: 'google', base: '/v1beta' },
  // Goes on working and billing when it is left.
  busy: { format: 'openai', base: '/v1', stops_when_cancelled: false },
} as const;
const TOLD = ['chat', 'responses', 'anthropic', 'google'] as const;
const NAMES = [...TOLD, 'busy'] as const;

let rig: Rig;
let provider: SpokenProvider;
const keys: Record<string, string> = {};
const SECRET = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';

beforeAll(async () => {
  provider = startSpokenProvider();
  const named = NAMES.map((name) => {
    const { format, base, ...more } = FORMATS[name];
    return { slug: name, name, format, base_url: `${provider.url}${base}`, api_key: 'k', ...more };
  });
  rig = await GuardrailRig.start({
    config: {
      providers: named,
      models: NAMES.map((name) => ({
        id: `spoken/${name}`,
        context_length: 100_000,
        max_completion_tokens: 1000,
        endpoints: [{ provider: name, model: 'spoken', pricing: PRICING }],
      })),
    },
  });
  const filters = (action: string, direction: string) => ({
    content_filter_builtins: ['email', 'secrets'].map((slug) => ({ slug, action, direction })),
    content_filters: [{ pattern: 'PROJ-\\d{4,6}', action, label: 'PROJECT', direction }],
  });
  for (const action of ['redact', 'block', 'flag'])
    keys[action] = (await rig.boundKey(filters(action, 'output'), { name: action })).key;
  keys['input'] = (await rig.boundKey(filters('block', 'input'), { name: 'input' })).key;
  keys['both'] = (await rig.boundKey(filters('redact', 'both'), { name: 'both' })).key;
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => {
  provider.speech = { text: 'Hello.' };
});

interface Door {
  path(model: string, isStream: boolean): string;
  body(model: string, isStream: boolean): object;
  /** What a client puts together: text, thoughts, arguments. */
  said(answer: unknown): Said;
  streamed(events: readonly Told[]): Said;
}
// biome-ignore lint/suspicious/noExplicitAny: whatever a gateway may answer with
type Told = any;
interface Said {
  readonly text: string;
  readonly reasoning: string;
  readonly argumentsJson: string;
}

const messages = [{ role: 'user', content: 'go' }];
const joined = (texts: readonly unknown[]): string =>
  texts.filter((text) => typeof text === 'string').join('');
const tools = [
  { type: 'function', function: { name: 'mail', parameters: { type: 'object', properties: {} } } },
];

const DOORS: Readonly<Record<string, Door>> = {
  chat: {
    path: () => '/chat/completions',
    body: (model, stream) => ({ model, messages, tools, stream }),
    said: (answer: Told) => {
      const { message } = answer.choices[0];
      const argumentsJson = message.tool_calls?.[0]?.function.arguments ?? '';
      return { text: message.content ?? '', reasoning: message.reasoning ?? '', argumentsJson };
    },
    streamed: (events) => {
      const deltas = events.flatMap(({ choices }) => choices ?? []).map(({ delta }) => delta ?? {});
      return {
        text: joined(deltas.map(({ content }) => content)),
        reasoning: joined(deltas.map(({ reasoning }) => reasoning)),
        argumentsJson: joined(deltas.map(({ tool_calls }) => tool_calls?.[0]?.function?.arguments)),
      };
    },
  },
  completions: {
    path: () => '/completions',
    body: (model, stream) => ({ model, prompt: 'go', stream }),
    said: (answer: Told) => ({
      text: answer.choices[0].text,
      reasoning: answer.choices[0].reasoning ?? '',
      argumentsJson: '',
    }),
    streamed: (events) => {
      const choices = events.flatMap((event) => event.choices ?? []);
      return {
        text: joined(choices.map(({ text }) => text)),
        reasoning: joined(choices.map(({ reasoning }) => reasoning)),
        argumentsJson: '',
      };
    },
  },
  messages: {
    path: () => '/messages',
    body: (model, stream) => ({
      ...{ model, messages, max_tokens: 500, stream },
      tools: [{ name: 'mail', input_schema: { type: 'object' } }],
    }),
    said: ({ content }: Told) => ({
      text: joined(content.map(({ text }: Told) => text)),
      reasoning: joined(content.map(({ thinking }: Told) => thinking)),
      argumentsJson: joined(
        content.map(({ input }: Told) => (input === undefined ? '' : JSON.stringify(input))),
      ),
    }),
    streamed: (events) => {
      const deltas = events.map(({ delta }) => delta ?? {});
      return {
        text: joined(deltas.map(({ text }) => text)),
        reasoning: joined(deltas.map(({ thinking }) => thinking)),
        argumentsJson: joined(deltas.map(({ partial_json }) => partial_json)),
      };
    },
  },
  responses: {
    path: () => '/responses',
    body: (model, stream) => ({
      ...{ model, input: 'go', store: false, stream },
      tools: [{ type: 'function', name: 'mail', parameters: { type: 'object', properties: {} } }],
    }),
    said: ({ output }: Told) => ({
      text: joined(output.flatMap(({ content }: Told) => content ?? []).map(({ text }: Told) => text)),
      reasoning: joined(output.flatMap(({ summary }: Told) => summary ?? []).map(({ text }: Told) => text)),
      argumentsJson: joined(output.map((item: Told) => item.arguments)),
    }),
    streamed: (events) => {
      const deltas = (type: string) =>
        joined(events.filter((event) => event.type === type).map(({ delta }) => delta));
      return {
        text: deltas('response.output_text.delta'),
        reasoning: deltas('response.reasoning_summary_text.delta'),
        argumentsJson: deltas('response.function_call_arguments.delta'),
      };
    },
  },
  gemini: {
    path: (model, isStream) =>
      `beta/models/${encodeURIComponent(model)}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({
      contents: [{ role: 'user', parts: [{ text: 'go' }] }],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
      tools: [{ functionDeclarations: [{ name: 'mail', parameters: { type: 'OBJECT', properties: {} } }] }],
    }),
    said: (answer: Told) => partsSaid([answer]),
    streamed: (events) => partsSaid(events),
  },
};

function partsSaid(answers: readonly Told[]): Said {
  const parts = answers
    .flatMap(({ candidates }) => candidates ?? [])
    .flatMap(({ content }) => content?.parts ?? []);
  return {
    text: joined(parts.filter(({ thought }) => thought !== true).map(({ text }) => text)),
    reasoning: joined(parts.filter(({ thought }) => thought === true).map(({ text }) => text)),
    argumentsJson: joined(
      parts.map(({ functionCall }) => (functionCall === undefined ? '' : JSON.stringify(functionCall.args))),
    ),
  };
}

async function ask(
  door: Door,
  model: string,
  isStream: boolean,
  key: string | undefined,
  headers: object = {},
) {
  const response = await fetch(`${rig.gateway.baseUrl}${door.path(model, isStream)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(door.body(model, isStream)),
  });
  const text = await response.text();
  const id = response.headers.get('x-generation-id');
  const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!isEvents) {
    const json = JSON.parse(text);
    return {
      status: response.status,
      text,
      id,
      json,
      events: [],
      said: response.ok ? door.said(json) : null,
    };
  }
  const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data ?? ''));
  return { status: response.status, text, id, json: null, events, said: door.streamed(events) };
}

async function recordOf(id: string | null) {
  const { json } = await rig.call('GET', `/generation?id=${id}`, undefined, keys['redact']);
  return json.data;
}

const SPOKEN = {
  text: `Mail jane@example.com about PROJ-1234, her key is ${SECRET}.`,
  reasoning: 'She is jane@example.com, I think.',
  argumentsJson: '{"to":"jane\\u0040example.com","n":1,"about":"PROJ-123456"}',
};
const CLEAN = {
  text: 'Mail [EMAIL] about [PROJECT], her key is [SECRET:github-token].',
  reasoning: 'She is [EMAIL], I think.',
  argumentsJson: '{"to":"[EMAIL]","n":1,"about":"[PROJECT]"}',
};

describe.each(Object.entries(DOORS))('at the door of %s', (name, door) => {
  const hasCalls = name !== 'completions';
  test.each(TOLD.flatMap((format) => [true, false].map((isStream) => [format, isStream] as const)))(
    'what is to be redacted is, from %s, streamed: %p',
    async (format, isStream) => {
      const { argumentsJson, ...words } = SPOKEN;
      provider.speech = hasCalls ? SPOKEN : words;
      const { status, said, text, id } = await ask(door, `spoken/${format}`, isStream, keys['redact']);
      expect(status).toBe(200);
      expect(said?.text).toBe(CLEAN.text);
      // The chat completions of some vendors, and the models of Google that were not asked to, tell no thoughts.
      if (said?.reasoning !== '') expect(said?.reasoning).toBe(CLEAN.reasoning);
      expect(said?.argumentsJson).toBe(hasCalls ? CLEAN.argumentsJson : '');
      for (const found of ['jane@', 'jane\\u0040', SECRET, 'PROJ-1'])
        expect(text.includes(found)).toBe(false);
      const { content_filters: filters, tokens_completion } = await recordOf(id);
      expect(tokens_completion).toBe(20);
      expect(filters.answer).toMatchObject({ applied: 3, skipped: [], failed: [] });
      expect(filters.answer.matched.map(({ filter, action }: Told) => `${filter} ${action}`).sort()).toEqual([
        'PROJECT redact',
        'email redact',
        'secrets redact',
      ]);
    },
  );

  test.each(TOLD)('what is to be blocked is not told, from %s', async (format) => {
    provider.speech = { text: `No. Mail jane@example.com now.` };
    const whole = await ask(door, `spoken/${format}`, false, keys['block']);
    expect([whole.status, whole.text.includes('Answer blocked by content filter: Email address')]).toEqual([
      403,
      true,
    ]);
    expect(whole.text.includes('jane')).toBe(false);
    expect((await recordOf(whole.id)).finish_reason).toBe('content_filter');
    const streamed = await ask(door, `spoken/${format}`, true, keys['block']);
    expect(streamed.status).toBe(200);
    expect(streamed.said?.text).toBe('No. Mail ');
    expect(streamed.text).toContain('Answer blocked by content filter: Email address');
    expect(streamed.text.includes('jane')).toBe(false);
    const { content_filters: filters, finish_reason } = await recordOf(streamed.id);
    expect([filters.answer.matched[0].filter, finish_reason]).toEqual(['email', 'content_filter']);
  });

  test.each(TOLD)('what is to be flagged goes on as it came, from %s', async (format) => {
    const { argumentsJson, ...words } = SPOKEN;
    provider.speech = words;
    for (const isStream of [true, false]) {
      const { said, id } = await ask(door, `spoken/${format}`, isStream, keys['flag']);
      expect(said?.text).toBe(SPOKEN.text);
      const { content_filters: filters } = await recordOf(id);
      expect(filters.answer.matched).toHaveLength(3);
    }
  });
});

test('filters of requests alone leave answers as they are, and the record says nothing of answers', async () => {
  provider.speech = SPOKEN;
  const chat = DOORS['chat'] as Door;
  for (const isStream of [true, false]) {
    const { said, id } = await ask(chat, 'spoken/chat', isStream, keys['input']);
    expect(said?.text).toBe(SPOKEN.text);
    const { content_filters: filters } = await recordOf(id);
    expect([filters.applied, 'answer' in filters]).toEqual([3, false]);
  }
});

test('filters of both look at both, and the record has what each found', async () => {
  provider.speech = SPOKEN;
  const door = DOORS['chat'] as Door;
  const asking = {
    ...door,
    body: () => ({ model: 'spoken/chat', messages: [{ role: 'user', content: 'to a@b.co' }] }),
  };
  const { said, id } = await ask(asking, 'spoken/chat', false, keys['both']);
  expect(said?.text).toBe(CLEAN.text);
  const { content_filters: filters } = await recordOf(id);
  expect([filters.matched.length, filters.answer.matched.length]).toEqual([1, 3]);
});

test('the same over a WebSocket', async () => {
  provider.speech = SPOKEN;
  for (const [action, said] of [
    ['redact', CLEAN.text],
    ['block', 'Answer blocked by content filter: Email address'],
  ] as const) {
    const headers = {
      authorization: `Bearer ${keys[action]}`,
      'openai-beta': 'responses_websockets=2026-02-06',
    };
    const socket = new WebSocket(`${rig.gateway.baseUrl.replace('http', 'ws')}/responses`, {
      headers,
    } as unknown as string[]);
    const events: Told[] = [];
    socket.addEventListener('message', ({ data }) => void events.push(JSON.parse(String(data))));
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    socket.send(
      JSON.stringify({ type: 'response.create', model: 'spoken/responses', input: 'go', store: false }),
    );
    await becomesTrueWithin(
      () => events.some(({ type }) => type === 'response.completed' || type === 'response.failed'),
      10_000,
    );
    socket.close();
    expect(JSON.stringify(events.at(-1))).toContain(said);
    expect(JSON.stringify(events).includes('jane@')).toBe(false);
  }
});

test('a blocked stream is left, and what had come of it is charged', async () => {
  provider.speech = { text: 'One two jane@example.com three four five six.', stopsAfterText: true };
  const before = provider.left.length;
  const { id } = await ask(DOORS['chat'] as Door, 'spoken/chat', true, keys['block']);
  await becomesTrueWithin(() => provider.left.length > before, 5000);
  const record = await recordOf(id);
  // Nobody left: it was the gateway that ended it.
  expect([record.cancelled, record.finish_reason, record.is_estimated]).toEqual([
    false,
    'content_filter',
    true,
  ]);
  expect(record.tokens_completion).toBeGreaterThan(0);
  expect(record.total_cost).toBeCloseTo(record.tokens_prompt * 1e-6 + record.tokens_completion * 2e-6, 9);
});

test('a blocked stream of a provider that bills on is read to its end, and charged as it counts', async () => {
  provider.speech = { text: 'One two jane@example.com three four five six.', outputTokens: 77 };
  const { id, text } = await ask(DOORS['chat'] as Door, 'spoken/busy', true, keys['block']);
  expect(text).toContain('Answer blocked by content filter: Email address');
  const record = await recordOf(id);
  expect([record.tokens_completion, record.is_estimated, record.finish_reason]).toEqual([
    77,
    false,
    'content_filter',
  ]);
  expect(record.total_cost).toBeCloseTo(10e-6 + 77 * 2e-6, 9);
});

test('arguments of a megabyte are looked through while others are served, and longer ones do not go on', async () => {
  const long = (characters: number) =>
    JSON.stringify({ to: 'jane@example.com', body: 'a@b.co '.repeat(characters / 7) });
  provider.speech = { text: 'Done.', argumentsJson: long(900_000), pieceBytes: 1 << 20 };
  const { said } = await ask(DOORS['gemini'] as Door, 'spoken/google', true, keys['redact']);
  expect(JSON.parse(said?.argumentsJson ?? '')).toEqual({
    to: '[EMAIL]',
    body: '[EMAIL] '.repeat(900_000 / 7),
  });
  provider.speech = { text: 'Done.', argumentsJson: long(1_100_000), pieceBytes: 1 << 20 };
  const refused = await ask(DOORS['chat'] as Door, 'spoken/google', true, keys['redact']);
  expect([refused.said?.argumentsJson, refused.text.includes('could not look at this answer')]).toEqual([
    '',
    true,
  ]);
  const { content_filters: filters } = await recordOf(refused.id);
  expect(filters.answer.failed[0].reason).toBe(
    'the arguments of a call are longer than 1,048,576 characters',
  );
  // What only flags holds nothing up.
  const flagged = await ask(DOORS['chat'] as Door, 'spoken/google', true, keys['flag']);
  expect(flagged.said?.argumentsJson.length).toBe(long(1_100_000).length);
});

test('patterns of tens of thousands of states redact requests and answers as others do, while other keys are served', async () => {
  const words = Array.from({ length: 5000 }, (_, at) => `codeword${at};`).join('|');
  const filters = ['(((a{1,30}){1,30})b){1}', words].map((pattern) => {
    return { pattern, action: 'redact', label: 'COSTLY', direction: 'both' };
  });
  const { key } = await rig.boundKey({ content_filters: filters }, { name: 'costly' });
  provider.speech = { text: `${'a'.repeat(300)} ${'a'.repeat(200)}b, codeword4999;.` };
  const told = `${'a'.repeat(300)} [COSTLY], [COSTLY].`;
  const door = DOORS['chat'] as Door;
  let isOver = false;
  const others = (async () => {
    let served = 0;
    while (!isOver)
      served += (await ask(door, 'spoken/anthropic', false, keys['input'])).status === 200 ? 1 : 0;
    return served;
  })();
  for (const isStream of [true, false]) {
    const { said, id } = await ask(door, 'spoken/chat', isStream, key);
    expect(said?.text).toBe(told);
    const { content_filters: record } = await recordOf(id);
    expect([record.answer.failed, record.answer.matched.length]).toEqual([[], 2]);
  }
  isOver = true;
  expect(await others).toBeGreaterThan(0);
  const echoed = await rig.call(
    'POST',
    '/chat/completions',
    {
      ...{ model: 'turnpike/echo', max_tokens: 50 },
      messages: [{ role: 'user', content: 'The codeword17; it is' }],
    },
    key,
  );
  expect(echoed.json.choices[0].message.content).toBe('The [COSTLY] it is');
});

describe.each(['chat', 'messages', 'responses'])('at the door of %s', (name) => {
  test.each(TOLD)(
    'what is blocked at the end of a stream is charged as its provider counts, from %s',
    async (format) => {
      // An address may go on until nothing more comes; arguments are looked at when they are whole.
      for (const speech of [
        { text: 'Mail jane@example.com' },
        { text: 'Done.', argumentsJson: '{"to":"jane@example.com"}' },
      ]) {
        provider.speech = { ...speech, outputTokens: 77, endPaceMs: 10 };
        const { id, text } = await ask(DOORS[name] as Door, `spoken/${format}`, true, keys['block']);
        expect(text).toContain('Answer blocked by content filter: Email address');
        expect(text.includes('jane')).toBe(false);
        const { tokens_prompt, tokens_completion, is_estimated, finish_reason, total_cost } =
          await recordOf(id);
        expect([tokens_prompt, tokens_completion, is_estimated, finish_reason]).toEqual([
          ...[10, 77, false, 'content_filter'],
        ]);
        expect(total_cost).toBeCloseTo(10e-6 + 77 * 2e-6, 9);
      }
    },
  );
});

test('a blocked whole answer is charged as it was counted', async () => {
  provider.speech = { text: 'Mail jane@example.com.', outputTokens: 55 };
  const { id } = await ask(DOORS['chat'] as Door, 'spoken/chat', false, keys['block']);
  const record = await recordOf(id);
  expect(record).toMatchObject({
    tokens_completion: 55,
    finish_reason: 'content_filter',
    is_estimated: false,
  });
  expect(record.total_cost).toBeCloseTo(10e-6 + 55 * 2e-6, 9);
});

test.each([1, 2, 3, 5, 17, 4096])('bytes that come %p at a time make the same answer', async (pieceBytes) => {
  provider.speech = { ...SPOKEN, pieceBytes };
  for (const [name, format] of [
    ['chat', 'chat'],
    ['messages', 'anthropic'],
    ['responses', 'responses'],
    ['gemini', 'google'],
  ] as const) {
    const { said } = await ask(DOORS[name] as Door, `spoken/${format}`, true, keys['redact']);
    expect([said?.text, said?.argumentsJson]).toEqual([CLEAN.text, CLEAN.argumentsJson]);
  }
});

test('answers of keys without filters of answers are relayed byte for byte', async () => {
  provider.speech = SPOKEN;
  const plain = (text: string) =>
    text
      .replaceAll(/gen-[\w-]+/g, 'gen')
      .replaceAll(/"created(_at)?":\d+|msg_\w+|"(completed_at)":\d+/g, 'n');
  for (const [name, format] of [
    ['chat', 'chat'],
    ['messages', 'anthropic'],
    ['responses', 'responses'],
    ['gemini', 'google'],
  ] as const)
    for (const isStream of [true, false]) {
      const asked = await ask(DOORS[name] as Door, `spoken/${format}`, isStream, keys['input']);
      const bare = await ask(DOORS[name] as Door, `spoken/${format}`, isStream, rig.gateway.apiKey);
      expect(plain(asked.text)).toBe(plain(bare.text));
    }
});

test('whoever asks for the metadata of routing reads what was found in the answer', async () => {
  provider.speech = SPOKEN;
  for (const isStream of [true, false]) {
    const { events, json } = await ask(DOORS['chat'] as Door, 'spoken/chat', isStream, keys['redact'], {
      'x-openrouter-metadata': 'enabled',
    });
    const metadata = (json ?? events.findLast((event) => 'openrouter_metadata' in event)).openrouter_metadata;
    expect(metadata.pipeline).toHaveLength(3);
    expect(metadata.pipeline[0]).toMatchObject({
      type: 'guardrail',
      data: { action: 'redact', of: 'answer' },
    });
  }
});

test('odds of tokens, which spell out what was taken out, are left out', async () => {
  provider.speech = { text: SPOKEN.text };
  for (const isStream of [true, false]) {
    const { text } = await ask(DOORS['chat'] as Door, 'spoken/chat', isStream, keys['redact']);
    expect(text.includes('"token"')).toBe(false);
  }
});

test('a thought that was changed loses its signature, and one that was not keeps it', async () => {
  for (const isStream of [true, false]) {
    provider.speech = { text: 'ok', reasoning: SPOKEN.reasoning };
    const changed = await ask(DOORS['messages'] as Door, 'spoken/anthropic', isStream, keys['redact']);
    expect(changed.text.includes('c2lnbmVk')).toBe(false);
    provider.speech = { text: 'ok', reasoning: 'Nothing in it.' };
    const same = await ask(DOORS['messages'] as Door, 'spoken/anthropic', isStream, keys['redact']);
    expect(same.text.includes('c2lnbmVk')).toBe(true);
  }
});

test('nothing that was found stands in the log', () => {
  for (const found of [SECRET, 'jane@example.com'])
    expect(rig.gateway.logLines.join('\n').includes(found)).toBe(false);
});
