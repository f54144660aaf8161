import { expect, test } from 'bun:test';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseChatRequest } from './request.ts';

const MESSAGES = [{ role: 'user', content: 'hi' }];
const parse = (members: JsonObject = {}) =>
  parseChatRequest({ model: 'acme/small', messages: MESSAGES, ...members }, 100);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof TurnpikeError && thrown.status === 400) return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

const many = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);
const pairs = (count: number) => Object.fromEntries(many(count).map((name) => [name, 'v']));

/** Each member with what it takes at its limits, and what it refuses beyond them. Null is always the same as absent. */
const LIMITS: [name: string, accepted: unknown[], refused: unknown[]][] = [
  ['temperature', [0, 2, 0.5], [-0.1, 2.1, '1', Number.NaN, true]],
  ['top_p', [0, 1], [-0.1, 1.1, '1']],
  ['top_k', [0, 40], [-1, 1.5, '1']],
  ['min_p', [0, 1], [-0.1, 1.1]],
  ['top_a', [0, 1], [-0.1, 1.1]],
  ['frequency_penalty', [-2, 2], [-2.1, 2.1]],
  ['presence_penalty', [-2, 2], [-2.1, 2.1]],
  ['repetition_penalty', [0, 2], [-0.1, 2.1]],
  ['seed', [0, -5, Number.MAX_SAFE_INTEGER], [1.5, '1', 1e300]],
  ['logprobs', [true, false], ['true', 1]],
  ['top_logprobs', [], [5, 0]],
  ['parallel_tool_calls', [true, false], ['true', 1]],
  ['stream', [true, false], ['true', 1]],
  ['n', [1, 128], [0, 129, 1.5]],
  ['max_tokens', [1, 1_000_000], [0, -1, 1.5, '5']],
  ['max_completion_tokens', [1], [0, -1, 1.5, '5']],
  ['stop', ['x', [], many(4)], [many(5), [1], 1]],
  [
    'tools',
    [[], [{ type: 'function', function: { name: 'f' } }], [{ type: 'web' }]],
    [{}, [1], [null], [{}], [{ type: 5 }], [{ type: 'function' }]],
  ],
  ['tool_choice', ['auto', 'none', 'required', { type: 'function' }], ['any', 1]],
  [
    'response_format',
    [
      ...['text', 'json_object', 'grammar', 'python'].map((type) => ({ type })),
      { type: 'json_schema', json_schema: { name: 'x'.repeat(64) } },
    ],
    ['json', {}, { type: 5 }, { type: 'xml' }, { type: 'json_schema', json_schema: { name: '' } }],
  ],
  [
    'metadata',
    [pairs(16), { ['k'.repeat(64)]: 'v'.repeat(512) }],
    ['x', pairs(17), { a: 1 }, { ['k'.repeat(65)]: '' }, { a: 'v'.repeat(513) }],
  ],
  ['session_id', ['x'.repeat(256)], ['x'.repeat(257), 1]],
  ['user', ['x'.repeat(1024)], ['x'.repeat(1025), 1]],
  ['reasoning', [{}, { effort: 'high' }, { exclude: true }], ['high', []]],
  ['plugins', [[]], [[{ id: 'web' }]]],
  ['provider', [{}], ['acme']],
];

test.each(LIMITS)(
  '%s is taken up to its limits, and named in the refusal beyond them',
  (name, accepted, refused) => {
    for (const value of [...accepted, null]) {
      expect([value, refusal(() => parse({ [name]: value }))]).toEqual([value, 'accepted']);
    }
    for (const value of refused) expect(refusal(() => parse({ [name]: value }))).toStartWith(name);
  },
);

test('the rest is refused by its name too', () => {
  const cases: [JsonObject, string][] = [
    [{ model: '' }, 'model '],
    [{ model: 5 }, 'model '],
    [{ model: null }, 'model is missing'],
    [{ models: 'x' }, 'models '],
    [{ models: [''] }, 'models '],
    [{ models: many(32) }, 'models must name at most 32'],
    [{ messages: null }, 'messages '],
    [{ messages: [] }, 'messages '],
    [{ messages: ['hi'] }, 'messages[0] '],
    [{ messages: [{ role: 'robot', content: '' }] }, 'messages[0].role'],
    [{ messages: [{ content: '' }] }, 'messages[0].role'],
    [{ messages: [...MESSAGES, { role: 'user' }] }, 'messages[1].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ text: 'x' }] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'tool', content: '' }] }, 'messages[0].tool_call_id'],
    [{ top_logprobs: 5 }, 'top_logprobs needs logprobs'],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs '],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema.name'],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'x'.repeat(65) } } }, 'response_format'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ preset: 'x' }, 'presets '],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort'],
    [{ reasoning: { enabled: 1 } }, 'reasoning.enabled'],
    [{ reasoning: { exclude: 'yes' } }, 'reasoning.exclude'],
    [{ reasoning: { max_tokens: -1 } }, 'reasoning.max_tokens'],
    [{ reasoning: { max_tokens: 1.5 } }, 'reasoning.max_tokens'],
    [{ reasoning: { max_tokens: '5' } }, 'reasoning.max_tokens'],
    [{ include_reasoning: 'no' }, 'include_reasoning '],
    [{ reasoning_effort: 'huge' }, 'reasoning.effort'],
    [{ reasoning_effort: 'low', reasoning: { effort: 'high' } }, 'reasoning_effort and reasoning.effort'],
  ];
  for (const [members, start] of cases) expect(refusal(() => parse(members))).toStartWith(start);
});

test('a refusal says what would be taken', () => {
  const said = (members: JsonObject) => refusal(() => parse(members));
  expect(said({ n: 0 })).toBe('n must be an integer from 1 to 128');
  expect(said({ max_tokens: 0 })).toBe('max_tokens must be an integer of at least 1');
  expect(said({ top_p: 2 })).toBe('top_p must be a number from 0 to 1');
});

test('alternatives are counted from none to twenty, beside log probabilities', () => {
  for (const top_logprobs of [0, 20])
    expect(refusal(() => parse({ logprobs: true, top_logprobs }))).toBe('accepted');
});

test('every role has its say; an assistant may say nothing, a tool answers its call', () => {
  const messages = [
    { role: 'system', content: 'x' },
    { role: 'developer', content: [{ type: 'text', text: 'x' }] },
    { role: 'user', content: 'x' },
    { role: 'function', name: 'f', content: null },
    { role: 'function', name: 'f' },
    { role: 'assistant', content: null, tool_calls: [] },
    { role: 'assistant' },
    { role: 'tool', tool_call_id: 'c', content: 'x' },
  ];
  expect(refusal(() => parse({ messages }))).toBe('accepted');
});

test('models follow the model, without repeats; either is enough', () => {
  expect(parse({ models: ['b', 'acme/small', 'c', 'b'] }).modelIds).toEqual(['acme/small', 'b', 'c']);
  expect(parse({ model: null, models: ['b'] }).modelIds).toEqual(['b']);
  expect(parse({ model: null, models: many(32) }).modelIds).toHaveLength(32);
});

test('an empty list, and how to use tools that are not there, are neither sent nor asked for', () => {
  const sent = (members: JsonObject) => {
    const { payload, usedParameters } = parse(members);
    const { messages: _, ...rest } = payload.native.body;
    return [rest, usedParameters];
  };
  for (const tools of [undefined, null, []]) {
    for (const choice of ['auto', 'none', null]) {
      expect(sent({ tools, tool_choice: choice, parallel_tool_calls: true })).toEqual([{}, []]);
    }
    expect(sent({ tools, tool_choice: 'required' })).toEqual([{ tool_choice: 'required' }, ['tool_choice']]);
  }
  expect(sent({ stop: [], functions: [] })).toEqual([{}, []]);
  const used = { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'none', stop: ['.'] };
  expect(sent({ ...used, parallel_tool_calls: false })[0]).toEqual({ ...used, parallel_tool_calls: false });
});

test('what steers the gateway is never sent on, and what it does not know is', () => {
  const { payload, usedParameters } = parse({
    models: ['b'],
    stream: true,
    stream_options: { include_usage: true },
    provider: { zdr: true },
    route: 'fallback',
    plugins: [],
    transforms: [],
    usage: { include: true },
    session_id: 's',
    trace: {},
    debug: {},
    metadata: { a: 'b' },
    user: 'u',
    include_reasoning: true,
    reasoning: { effort: 'low' },
    reasoning_effort: 'low',
    preset: 5,
    stop_server_tools_when: [],
    max_tool_calls: 3,
    seed: 5,
    top_k: null,
    tools: [],
    made_up: { deep: [1] },
  });
  expect(payload.native).toEqual({
    dialect: 'openai-chat',
    body: { messages: MESSAGES, seed: 5, made_up: { deep: [1] } },
  });
  expect(payload.reasoning).toMatchObject({ effort: 'low' });
  expect(usedParameters).toEqual(['seed', 'reasoning']);
  expect(payload.prompt().messages).toMatchObject([{ role: 'user', parts: [{ text: 'hi' }] }]);
});

test('a parameter that endpoints may or may not support is told, whatever it is', () => {
  const members: JsonObject = {
    ...{ temperature: 1, top_p: 1, top_k: 1, min_p: 1, top_a: 1 },
    ...{ frequency_penalty: 1, presence_penalty: 1, repetition_penalty: 1 },
    ...{ logit_bias: {}, logprobs: true, top_logprobs: 1, prediction: {}, seed: 1 },
    ...{ response_format: { type: 'text' }, stop: 'x', tool_choice: 'auto' },
    tools: [{ type: 'function', function: { name: 'f' } }],
    ...{ parallel_tool_calls: true, verbosity: 'low' },
  };
  expect(parse(members).usedParameters).toEqual(Object.keys(members));
  expect(parse({ max_tokens: 1, made_up: 1, seed: null }).usedParameters).toEqual([]);
});

test('what the rest of the gateway reads of a request is told', () => {
  expect(parse()).toMatchObject({
    operation: 'chat',
    stream: false,
    bodyBytes: 100,
    size: { promptTokensBound: 100, imageCount: 0, choices: 1, maxTokens: null },
    usedParameters: [],
    unpriced: [],
    sessionId: null,
    user: null,
    echoesUpstreamBody: false,
  });
  const debug = { echo_upstream_body: true };
  expect(parse({ stream: true, session_id: 's', user: 'u', debug })).toMatchObject({
    stream: true,
    sessionId: 's',
    user: 'u',
    echoesUpstreamBody: true,
  });
  for (const other of [null, true, {}, { echo_upstream_body: 1 }])
    expect(parse({ debug: other }).echoesUpstreamBody).toBe(false);
});

const SILENT = { enabled: null, effort: null, maxTokens: null, exclude: false, summary: null };

test('the ways to ask for reasoning become one', () => {
  const wish = (members: JsonObject) => parse(members).payload.reasoning;
  expect(wish({})).toBeNull();
  expect(wish({ reasoning: null, reasoning_effort: null, include_reasoning: null })).toBeNull();
  const cases: [JsonObject, object][] = [
    [{ include_reasoning: true }, {}],
    [{ reasoning: {} }, {}],
    [
      { reasoning: { max_tokens: 5 }, reasoning_effort: 'low' },
      { maxTokens: 5, effort: 'low' },
    ],
    [{ reasoning: { effort: 'low' }, reasoning_effort: 'low' }, { effort: 'low' }],
    [{ reasoning: { enabled: true, summary: 'auto' } }, { enabled: true, summary: 'auto' }],
    [{ reasoning: { enabled: false } }, { enabled: false }],
    [{ reasoning: { effort: 'none' } }, { effort: 'none', enabled: false }],
    [
      { reasoning_effort: 'none', reasoning: { enabled: true } },
      { effort: 'none', enabled: false },
    ],
    [{ reasoning: { max_tokens: 0 } }, { maxTokens: 0 }],
    [{ include_reasoning: false }, { exclude: true }],
    [{ reasoning: { exclude: true } }, { exclude: true }],
    [{ reasoning: { exclude: false }, include_reasoning: false }, { exclude: false }],
  ];
  for (const [members, wished] of cases)
    expect([members, wish(members)]).toEqual([members, { ...SILENT, ...wished }]);
});

test('the size is bounded by the bytes, unless something else than text is in it', () => {
  expect(parse({ n: 3, max_tokens: 5 }).size).toEqual({
    promptTokensBound: 100,
    imageCount: 0,
    choices: 3,
    maxTokens: 5,
  });
  expect(parse({ max_tokens: 5, max_completion_tokens: 9 }).size.maxTokens).toBe(9);
  const withParts = (...types: string[]) =>
    parse({ messages: [{ role: 'user', content: types.map((type) => ({ type })) }] }).size;
  expect(withParts('text')).toMatchObject({ promptTokensBound: 100, imageCount: 0 });
  expect(withParts('image_url', 'image_url')).toMatchObject({ promptTokensBound: null, imageCount: 2 });
  for (const type of ['refusal', 'thinking', 'input_text', 'output_text'])
    expect(withParts(type).promptTokensBound).toBe(100);
  // A short address, or a small file, may be worth thousands of tokens; what is not known to be text may be either.
  for (const type of ['file', 'input_audio', 'audio_url', 'video_url', 'document_url', 'input_image', 'new'])
    expect(withParts('text', type).promptTokensBound).toBeNull();
  // Wherever it stands, also before text alone.
  expect(withParts('image_url', 'text').promptTokensBound).toBeNull();
  const shown = [{ role: 'user', content: [{ type: 'image_url' }] }, ...MESSAGES];
  expect(parse({ messages: shown }).size.promptTokensBound).toBeNull();
  expect(
    parse({ messages: [{ role: 'assistant', images: [] }, ...MESSAGES] }).size.promptTokensBound,
  ).toBeNull();
  const spoken = [...MESSAGES, { role: 'assistant', audio: { id: 'audio_abc' } }];
  expect(parse({ messages: spoken }).size.promptTokensBound).toBeNull();
  expect(parse({ messages: [{ role: 'assistant', audio: null }] }).size.promptTokensBound).toBe(100);
});

test('every image is counted, however its part is called', () => {
  const content = [{ type: 'image_url' }, { type: 'input_image' }, { type: 'image' }, { type: 'text' }];
  expect(parse({ messages: [{ role: 'user', content }] }).size.imageCount).toBe(3);
});

test('what would change the answer and is not built is refused by its name, with a limit or without', () => {
  const cases: [JsonObject, string][] = [
    [{ web_search_options: {} }, 'web_search_options '],
    [{ deferred_tools: {} }, 'deferred_tools '],
    [{ tools: [{ type: 'openrouter:web_search' }] }, 'tools[0]: openrouter:web_search '],
    [{ tools: [{ type: 'custom' }, { type: 'web_search_preview' }] }, 'tools[1]: web_search_preview '],
    [{ tool_choice: { type: 'web_search' } }, 'tool_choice: web_search '],
    [{ plugins: [{ id: 'web' }] }, 'plugins '],
    [{ preset: 'mine' }, 'presets '],
  ];
  for (const [members, start] of cases) expect(refusal(() => parse(members))).toStartWith(start);
});

test('what may be paid work beside the tokens is named as unpriced, of what goes to a provider', () => {
  expect(parse({ service_tier: 'scale', mcp_servers: [], provider: {}, plugins: [] }).unpriced).toEqual([
    'service_tier',
    'mcp_servers',
  ]);
});
