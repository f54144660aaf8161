import { expect, test } from 'bun:test';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { chatBodyFromPrompt } from '../openai-text/request.ts';
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
  ['parallel_tool_calls', [true, false], ['true', 1]],
  ['stream', [true, false], ['true', 1]],
  ['n', [1, 128], [0, 129, 1.5]],
  ['max_tokens', [1, 1_000_000], [0, -1, 1.5, '5']],
  ['max_completion_tokens', [1], [0, -1, 1.5, '5']],
  ['stop', ['x', [], many(4)], [many(5), [1], 1]],
  [
    'tools',
    [[], [{ type: 'function', function: { name: 'f' } }], [{ type: 'web' }]],
    [{}, [1], [{ type: 'function' }]],
  ],
  ['tool_choice', ['auto', 'none', 'required', { type: 'function' }], ['any', 1]],
  [
    'response_format',
    [{ type: 'text' }, { type: 'json_schema', json_schema: { name: 'x'.repeat(64) } }],
    ['json', {}],
  ],
  ['metadata', [pairs(16)], ['x', pairs(17), { a: 1 }, { ['k'.repeat(65)]: '' }, { a: 'v'.repeat(513) }]],
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
    [{ reasoning_effort: 'huge' }, 'reasoning.effort'],
    [{ reasoning_effort: 'low', reasoning: { effort: 'high' } }, 'reasoning_effort and reasoning.effort'],
  ];
  for (const [members, start] of cases) expect(refusal(() => parse(members))).toStartWith(start);
});

test('an assistant may say nothing, a tool answers its call', () => {
  const messages = [
    { role: 'assistant', content: null, tool_calls: [] },
    { role: 'assistant' },
    { role: 'tool', tool_call_id: 'c', content: 'x' },
  ];
  expect(refusal(() => parse({ messages }))).toBe('accepted');
});

test('models follow the model, without repeats; either is enough', () => {
  expect(parse({ models: ['b', 'acme/small', 'c', 'b'] }).modelIds).toEqual(['acme/small', 'b', 'c']);
  expect(parse({ model: null, models: ['b'] }).modelIds).toEqual(['b']);
});

test('what steers the gateway is never sent on, and what it does not know is', () => {
  const { body, usedParameters } = parse({
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
    metadata: { a: 'b' },
    user: 'u',
    include_reasoning: true,
    reasoning_effort: 'low',
    seed: 5,
    top_k: null,
    tools: [],
    made_up: { deep: [1] },
  });
  expect(body).toEqual({
    messages: MESSAGES,
    seed: 5,
    tools: [],
    made_up: { deep: [1] },
    reasoning: { effort: 'low' },
  });
  expect(usedParameters).toEqual(['seed', 'tools']);
});

test('the ways to ask for reasoning become one', () => {
  expect(parse().body['reasoning']).toBeUndefined();
  expect(parse({ include_reasoning: true }).body['reasoning']).toEqual({});
  expect(parse({ reasoning: { max_tokens: 5 }, reasoning_effort: 'low' }).body['reasoning']).toEqual({
    max_tokens: 5,
    effort: 'low',
  });
  expect(parse({ reasoning: { effort: 'low' }, reasoning_effort: 'low' }).body['reasoning']).toEqual({
    effort: 'low',
  });
  expect(parse({ include_reasoning: false }).excludeReasoning).toBe(true);
  expect(parse({ reasoning: { exclude: true } }).excludeReasoning).toBe(true);
  expect(parse({ reasoning: {} }).excludeReasoning).toBe(false);
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
  const spoken = [...MESSAGES, { role: 'assistant', audio: { id: 'audio_abc' } }];
  expect(parse({ messages: spoken }).size.promptTokensBound).toBeNull();
  expect(parse({ messages: [{ role: 'assistant', audio: null }] }).size.promptTokensBound).toBe(100);
});

test('every image is counted, however its part is called', () => {
  const content = [{ type: 'image_url' }, { type: 'input_image' }, { type: 'image' }, { type: 'text' }];
  expect(parse({ messages: [{ role: 'user', content }] }).size.imageCount).toBe(3);
});

test('what asks a provider for paid work beside its tokens is named as unpriced', () => {
  const asked: [JsonObject, string[]][] = [
    [{ web_search_options: {} }, ['web_search_options']],
    [{ web_search: true }, ['web_search']],
    [{ search_parameters: { mode: 'auto' } }, ['search_parameters']],
    [{ search_parameters: { mode: 'off' } }, []],
    [{ enable_search: true }, ['enable_search']],
    [{ enable_search: false }, []],
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, []],
    [{ tools: [{ type: 'function', function: { name: 'f' } }, { type: 'web_search' }] }, ['tools']],
    [{ tools: [{ type: 'openrouter:web_search' }] }, ['tools']],
    [{ service_tier: 'priority', speed: 'fast' }, ['service_tier', 'speed']],
    [{ service_tier: 'auto' }, []],
  ];
  for (const [members, unpriced] of asked)
    expect([members, parse(members).unpriced]).toEqual([members, unpriced]);
});

test('a legacy prompt becomes one user message; what has no meaning there is refused by its name', () => {
  const { messages, ...rest } = chatBodyFromPrompt({
    model: 'm',
    prompt: ['once'],
    echo: false,
    best_of: 1,
    logprobs: 3,
  });
  expect([messages, rest]).toEqual([[{ role: 'user', content: 'once' }], { model: 'm' }]);
  const cases: [JsonObject, string][] = [
    [{}, 'prompt '],
    [{ prompt: '' }, 'prompt '],
    [{ prompt: ['a', 'b'] }, 'prompt '],
    [{ prompt: [1, 2] }, 'prompt '],
    [{ prompt: 'x', echo: true }, 'echo '],
    [{ prompt: 'x', suffix: 'y' }, 'suffix '],
    [{ prompt: 'x', best_of: 2 }, 'best_of '],
  ];
  for (const [body, start] of cases) expect(refusal(() => chatBodyFromPrompt(body))).toStartWith(start);
});
