/** What people reported of other gateways and clients of this API, played against this one. Each names its report. */
import { describe, expect, test } from 'bun:test';
import type { ChatMessage, ChatPrompt, Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { type CallOptions, callOf, FakeUpstream, playedAnthropic } from '../__fixtures__/upstream.ts';
import { anthropic } from './adapter.ts';

const adapter = anthropic(new FakeUpstream());

function sse(...events: JsonObject[]): string {
  return events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const text = (value: string): Part => ({ type: 'text', text: value });
const user = (...parts: Part[]): ChatMessage => ({ role: 'user', name: null, parts });
const assistant = (...parts: Part[]): ChatMessage => ({ role: 'assistant', name: null, parts });
const tool = (callId: string, value: string): ChatMessage => ({
  role: 'tool',
  name: null,
  parts: [{ type: 'tool-result', callId, content: [text(value)], isError: false }],
});
const call = (id: string, argumentsJson = '{}'): Part => ({
  type: 'tool-call',
  id,
  name: 'look',
  argumentsJson,
});
const LOOK = { name: 'look', description: null, parameters: null, strict: null };

function promptOf(messages: readonly ChatMessage[], more: Partial<ChatPrompt> = {}): ChatPrompt {
  const rest = {
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    format: null,
    stop: [],
    parameters: {},
  };
  return { ...rest, messages, ...more };
}

function bodyOf(prompt: ChatPrompt, options: CallOptions = {}): JsonObject {
  return adapter.requestBody(callOf({ maxTokens: 8000, model: 'claude-sonnet-4-5', prompt, ...options }));
}

function refusalOf(prompt: ChatPrompt, model = 'claude-sonnet-4-5'): string | null {
  const { payload, target } = callOf({ prompt, model });
  return adapter.refusal(payload, target)?.message ?? null;
}

/** The only block with such a type. */
function blocksOf(body: JsonObject, type: string): JsonObject[] {
  const messages = Array.isArray(body['messages']) ? body['messages'].filter(isJsonObject) : [];
  return messages
    .flatMap(({ content }) => (Array.isArray(content) ? content : []))
    .filter((block) => block.type === type);
}

const TEXT_EVENTS: JsonObject[] = [
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello there' } },
  { type: 'content_block_stop', index: 0 },
];

function streamed(startUsage: JsonObject, endUsage: JsonObject): string {
  return sse(
    { type: 'message_start', message: { id: 'msg_1', type: 'message', content: [], usage: startUsage } },
    ...TEXT_EVENTS,
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: endUsage },
    { type: 'message_stop' },
  );
}

describe('what is counted', () => {
  test.each([
    [
      'modelbus/one-api-pro#13: the same prompt at both ends is counted once',
      { input_tokens: 27, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
      { input_tokens: 27, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 47 },
      { inputTokens: 27, outputTokens: 47, cacheReadTokens: 0, cacheWriteTokens: 0 },
    ],
    [
      'mcp-use/mcp-use#2127: an end that counts the answer alone keeps the prompt of the beginning',
      {
        input_tokens: 3,
        cache_read_input_tokens: 20_000,
        cache_creation_input_tokens: 1500,
        output_tokens: 1,
      },
      { output_tokens: 120 },
      { inputTokens: 3, outputTokens: 120, cacheReadTokens: 20_000, cacheWriteTokens: 1500 },
    ],
    [
      'BerriAI/litellm#11789: what a cache served is no ordinary input',
      { input_tokens: 4, cache_read_input_tokens: 2455, cache_creation_input_tokens: 0, output_tokens: 1 },
      { output_tokens: 23 },
      { inputTokens: 4, outputTokens: 23, cacheReadTokens: 2455, cacheWriteTokens: 0 },
    ],
    [
      'maximhq/bifrost#5355: the end of a stream tells the cache from the prompt that the beginning had whole',
      { input_tokens: 8834, output_tokens: 0 },
      {
        ...{
          input_tokens: 18,
          output_tokens: 426,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 8831,
        },
        cache_creation: { ephemeral_5m_input_tokens: 0 },
      },
      { inputTokens: 18, outputTokens: 426, cacheReadTokens: 8831, cacheWriteTokens: 0 },
    ],
    [
      'maximhq/bifrost#5355: also where the cache served all of it',
      { input_tokens: 8834, output_tokens: 0 },
      { input_tokens: 0, output_tokens: 426, cache_creation_input_tokens: 0, cache_read_input_tokens: 8834 },
      { inputTokens: 0, outputTokens: 426, cacheReadTokens: 8834, cacheWriteTokens: 0 },
    ],
    [
      'huggingface/tau#617: zeros of an end that counts no prompt are no count',
      { input_tokens: 27, cache_read_input_tokens: 5, output_tokens: 1 },
      { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 9 },
      { inputTokens: 27, outputTokens: 9, cacheReadTokens: 5, cacheWriteTokens: 0 },
    ],
    [
      'huggingface/tau#617: how long something is stored is told at one end alone',
      {
        ...{ input_tokens: 3, cache_creation_input_tokens: 300, output_tokens: 1 },
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      },
      { input_tokens: 3, cache_creation_input_tokens: 300, output_tokens: 9 },
      { inputTokens: 3, outputTokens: 9, cacheWriteTokens: 100, cacheWrite1hTokens: 200 },
    ],
  ])('%s', (_report, start, end, expected) => {
    for (const dialect of ['openai-chat', 'anthropic-messages'] as const) {
      const told = playedAnthropic({ body: streamed(start, end) }, { dialect });
      expect(told.error).toBeNull();
      expect(told.usage).toMatchObject(expected);
    }
  });

  test('theopenco/llmgateway: who leaves in the middle has used the prompt, and what was written until then', () => {
    const events = streamed({ input_tokens: 27, output_tokens: 8 }, { output_tokens: 47 });
    const cut = events.slice(0, events.indexOf('event: content_block_stop'));
    const told = playedAnthropic({ body: cut, failure: null });
    // A count of the answer from before its first word would be believed.
    expect(told.usage).toMatchObject({ inputTokens: 27, outputTokens: 0 });
  });
});

describe('what fails', () => {
  test.each([
    ['envoyproxy/ai-gateway#2697', { type: 'overloaded_error', message: 'Overloaded' }],
    ['karthink/gptel#1512', { details: null, type: 'overloaded_error', message: 'Overloaded' }],
  ])('%s: an overload is the same one inside of a stream as alone', (_report, error) => {
    const event = { type: 'error', error, request_id: 'req_011Ce3HwQb6vtbs9LQVmh4oe' };
    const start = { type: 'message_start', message: { id: 'msg_1', content: [], usage: {} } };
    for (const body of [sse(event), sse(start, event), sse(start, ...TEXT_EVENTS, event)]) {
      const { error: failure } = playedAnthropic({ body });
      expect(failure).toMatchObject({ failure: 'status', fault: 'provider', status: 529 });
    }
    const alone = playedAnthropic({ status: 529, body: JSON.stringify(event) });
    expect(alone.error).toMatchObject({ failure: 'status', fault: 'provider', status: 529 });
  });

  test('BerriAI/litellm#20361: a stream that ends without saying why is no answer', () => {
    const start = { type: 'message_start', message: { id: 'msg_1', content: [], usage: {} } };
    const told = playedAnthropic({ body: sse(start, ...TEXT_EVENTS) });
    expect(told.error).toMatchObject({ failure: 'unreachable' });
    expect(playedAnthropic({ body: sse(start) }).error).not.toBeNull();
  });

  test.each([
    [
      'anthropics/claude-code#38035',
      'You have reached your specified API usage limits. You will regain access on 2026-04-01 at 00:00 UTC.',
    ],
    [
      'laravel/ai#864',
      'You have reached your specified API usage limits. To continue, please adjust your limits.',
    ],
  ])('%s: a limit of the operator’s account is not the caller’s mistake', (_report, message) => {
    const body = JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } });
    const { error } = playedAnthropic({ status: 400, body });
    expect(error).toMatchObject({ fault: 'account' });
    expect(error?.message).not.toContain('usage limits');
  });

  test('OpenHands/OpenHands#7512: what only the vendor knows is wrong is told in its words', () => {
    const message =
      'messages.66: tool_use ids were found without tool_result blocks immediately after: toolu_01Me5LTc9g2gH3yKQCtqGd7W. Each tool_use block must have a corresponding tool_result block in the next message.';
    const body = JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } });
    const { error } = playedAnthropic({ status: 400, body });
    expect(error).toMatchObject({ fault: 'caller', message, raw: body, isContextLength: false });
  });
});

describe('what is sent', () => {
  test('BerriAI/litellm#3286: a stop of white space is refused in words, not dropped or passed on', () => {
    expect(refusalOf(promptOf([user(text('hi'))], { stop: ['\n'] }))).toContain('stop');
    expect(refusalOf(promptOf([user(text('hi'))], { stop: ['END'] }))).toBeNull();
  });

  test.each([['claude-opus-4-1'], ['claude-opus-4-5-20251101'], ['claude-sonnet-4-6']])(
    'router-for-me/CLIProxyAPI#193: %s gets one of temperature and top_p',
    (model) => {
      const parameters = { temperature: 0, top_p: 0.9 };
      const body = bodyOf(promptOf([user(text('hi'))], { parameters }), { model });
      expect(body).toMatchObject({ temperature: 0 });
      expect(body).not.toHaveProperty('top_p');
    },
  );

  test('langfuse/langfuse#9882: top_p alone is sent', () => {
    const body = bodyOf(promptOf([user(text('hi'))], { parameters: { top_p: 0.9 } }));
    expect(body).toMatchObject({ top_p: 0.9 });
    expect(body).not.toHaveProperty('temperature');
  });

  test.each([
    ['claude-opus-4-7'],
    ['claude-opus-4-8'],
    ['claude-sonnet-5'],
    ['claude-fable-5'],
    ['claude-opus-5-5'],
  ])('srtab/daiv#1429: %s gets no sampling and no budget, and shows its thoughts', (model) => {
    const parameters = { temperature: 0.2, top_p: 0.9, top_k: 5 };
    const prompt = promptOf([user(text('hi'))], { parameters });
    const body = bodyOf(prompt, { model, reasoning: { effort: 'high' } });
    expect(body).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high' },
    });
    for (const name of ['temperature', 'top_p', 'top_k']) expect(body).not.toHaveProperty(name);
    expect(bodyOf(prompt, { model, reasoning: { maxTokens: 4000 } })).toMatchObject({
      thinking: { type: 'adaptive' },
    });
  });

  test.each([
    ['claude-sonnet-4-5'],
    ['claude-opus-4-20250514'],
    ['claude-3-7-sonnet-20250219'],
    ['claude-haiku-4-5'],
  ])('OpenHands/software-agent-sdk#3427: %s thinks within a budget', (model) => {
    const body = bodyOf(promptOf([user(text('hi'))]), { model, reasoning: { effort: 'high' } });
    expect(body['thinking']).toEqual({ type: 'enabled', budget_tokens: 6400 });
  });

  test('can1357/oh-my-pi#341: a model that must call a tool is not told to think within a budget', () => {
    for (const toolChoice of ['required', { name: 'look' }] as const) {
      const prompt = promptOf([user(text('hi'))], { tools: [LOOK], toolChoice });
      const reasoning = { maxTokens: 2000 };
      for (const model of ['claude-sonnet-4-5', 'claude-sonnet-4-6']) {
        expect(bodyOf(prompt, { model, reasoning })).not.toHaveProperty('thinking');
      }
    }
  });

  test('pydantic/pydantic-ai#6957: one that thinks as it sees fit may be made to call a tool and still thinks', () => {
    const prompt = promptOf([user(text('hi'))], { tools: [LOOK], toolChoice: 'required' });
    for (const model of ['claude-opus-4-6', 'claude-opus-4-8', 'claude-sonnet-5']) {
      expect(bodyOf(prompt, { model, reasoning: { effort: 'high' } })).toMatchObject({
        thinking: { type: 'adaptive' },
        tool_choice: { type: 'any' },
      });
    }
    for (const model of ['claude-fable-5', 'claude-mythos-preview']) {
      expect(refusalOf(prompt, model)).toContain('tool_choice');
    }
  });

  test('anomalyco/opencode#3077: calls without their thoughts are gone on with without thinking', () => {
    const messages = [user(text('hi')), assistant(call('c1')), tool('c1', 'there')];
    const prompt = promptOf(messages, { tools: [LOOK] });
    expect(bodyOf(prompt, { reasoning: { effort: 'high' } })).not.toHaveProperty('thinking');
    const thought: Part = { type: 'reasoning', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1' };
    const whole = promptOf([user(text('hi')), assistant(thought, call('c1')), tool('c1', 'there')], {
      tools: [LOOK],
    });
    const body = bodyOf(whole, { reasoning: { effort: 'high' } });
    expect(body).toMatchObject({ thinking: { type: 'enabled' } });
    expect(blocksOf(body, 'thinking')).toEqual([{ type: 'thinking', thinking: 'hm', signature: 'sig' }]);
  });

  test('HKUDS/nanobot#4356: foreign ids become ones that are taken, and stay apart', () => {
    const messages = [
      user(text('hi')),
      assistant(call('call.1|x'), call('call_1_x')),
      tool('call.1|x', 'first'),
      tool('call_1_x', 'second'),
    ];
    const body = bodyOf(promptOf(messages, { tools: [LOOK] }));
    const ids = blocksOf(body, 'tool_use').map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect(blocksOf(body, 'tool_result').map(({ tool_use_id }) => tool_use_id)).toEqual(ids);
  });

  test('BerriAI/litellm#23510: calls with one id are sent with two, and each result finds its own', () => {
    const messages = [
      user(text('hi')),
      assistant(call('c'), call('c')),
      tool('c', 'first'),
      tool('c', 'second'),
    ];
    const body = bodyOf(promptOf(messages, { tools: [LOOK] }));
    const ids = blocksOf(body, 'tool_use').map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(blocksOf(body, 'tool_result').map(({ tool_use_id }) => tool_use_id)).toEqual(ids);
  });

  test.each([['[]'], ['"x"'], ['null'], ['{"a":'], ['7']])(
    'prism-php/prism#659: arguments that are no object, such as %s, are told in one',
    (argumentsJson) => {
      const messages = [user(text('hi')), assistant(call('c1', argumentsJson)), tool('c1', 'there')];
      const [block] = blocksOf(bodyOf(promptOf(messages, { tools: [LOOK] })), 'tool_use');
      expect(isJsonObject(block?.['input'])).toBe(true);
    },
  );

  test('experientiallabs/experiential#799, vercel/eve#2753: blank texts go nowhere, with a mark or without', () => {
    const blank: Part = { type: 'text', text: '', cache: '5m' };
    const messages = [user(text('hi'), blank), assistant(text(' \n'), call('c1')), tool('c1', '')];
    const body = bodyOf(promptOf(messages, { tools: [LOOK] }));
    expect(blocksOf(body, 'text').map((block) => block['text'])).toEqual(['hi']);
    expect(JSON.stringify(body)).not.toContain('""');
  });

  test('continuedev/continue#6937: no more than four marks, of which the last are kept', () => {
    const marked = (value: string): Part => ({ type: 'text', text: value, cache: '5m' });
    const body = bodyOf(promptOf([user(...['a', 'b', 'c', 'd', 'e'].map(marked))]));
    const kept = blocksOf(body, 'text').filter(({ cache_control }) => cache_control !== undefined);
    expect(kept.map((block) => block['text'])).toEqual(['b', 'c', 'd', 'e']);
  });

  test('envoyproxy/ai-gateway#2193: each part of the instructions keeps its own mark', () => {
    const system: ChatMessage = {
      role: 'system',
      name: null,
      parts: [{ type: 'text', text: 'long', cache: '1h' }, text('short')],
    };
    expect(bodyOf(promptOf([system, user(text('hi'))]))['system']).toEqual([
      { type: 'text', text: 'long', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'short' },
    ]);
  });

  test('laravel/ai#715: what a schema bounds beyond the grammar is told in words', () => {
    const schema = {
      type: 'object',
      properties: {
        score: { type: 'integer', minimum: 1, maximum: 10 },
        summary: { type: 'string', minLength: 1, maxLength: 280, format: 'markdown' },
        tags: {
          type: 'array',
          items: { type: 'string' },
          minItems: 1,
          maxItems: 5,
          contains: { const: 'a' },
        },
        by: { type: 'object', patternProperties: { '^x': { type: 'string' } }, additionalProperties: true },
      },
      required: ['score'],
      additionalProperties: true,
    };
    const body = bodyOf(
      promptOf([user(text('hi'))], { format: { type: 'schema', name: 'review', schema, strict: true } }),
    );
    const sent = JSON.stringify(body['output_config']);
    for (const name of [
      ...[
        'minimum',
        'maximum',
        'minLength',
        'maxLength',
        'maxItems',
        'format"',
        'contains',
        'patternProperties',
      ],
    ]) {
      expect(sent.replaceAll('"format":{"type"', '')).not.toContain(`"${name.replace('"', '')}":`);
    }
    for (const words of [
      'minimum: 1',
      'maxLength: 280',
      'maxItems: 5',
      'contains',
      'patternProperties',
      'markdown',
    ])
      expect(sent).toContain(words);
    expect(sent).not.toContain('"additionalProperties":true');
  });
});

test('webbrain-one/webbrain#2811: thoughts and their signatures reach callers of another dialect', () => {
  const body = sse(
    {
      type: 'message_start',
      message: { id: 'msg_1', content: [], usage: { input_tokens: 1, output_tokens: 1 } },
    },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  );
  const told = playedAnthropic({ body });
  expect(told.events.filter(({ type }) => type.startsWith('block') || type === 'delta')).toEqual([
    { type: 'block-start', choice: 0, block: 0, part: { type: 'reasoning', format: 'anthropic-claude-v1' } },
    { type: 'delta', choice: 0, block: 0, text: 'hm' },
    { type: 'block-end', choice: 0, block: 0, signature: 'sig' },
  ]);
  const whole = playedAnthropic({ body }, { stream: false }).whole;
  expect(whole).toMatchObject({
    form: 'typed',
    choices: [
      { parts: [{ type: 'reasoning', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1' }] },
    ],
  });
});

describe('a caller’s headers', () => {
  const native = { dialect: 'anthropic-messages', body: { messages: [] } } as const;

  function headersWith(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const { upstream } = playedAnthropic({ body: '{}' }, { ...native, headers });
    return upstream.requests[0]?.headers ?? {};
  }

  test('of the dialect go along, and its version takes the place of ours', () => {
    const sent = headersWith({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a,b',
      'x-claude-code-session-id': 's',
    });
    expect(sent).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a,b',
      'x-claude-code-session-id': 's',
    });
    expect(headersWith({})).toMatchObject({ 'anthropic-version': '2023-06-01' });
  });

  test.each([
    ...['x-api-key', 'authorization', 'host', 'content-length', 'transfer-encoding', 'connection', 'cookie'],
    ...[
      'content-type',
      'accept-encoding',
      'proxy-authorization',
      'x-forwarded-for',
      'te',
      'expect',
      'upgrade',
    ],
  ])('%s is not theirs to set', (name) => {
    expect(Object.values(headersWith({ [name]: 'theirs' }))).not.toContain('theirs');
  });
});

test('an endpoint that is not to be told to think gets a native request without it', () => {
  const body = {
    messages: [],
    thinking: { type: 'adaptive' },
    output_config: { effort: 'low', task_budget: {} },
  };
  const call = callOf({ dialect: 'anthropic-messages', body, without: ['reasoning'] });
  const sent = adapter.requestBody(call);
  expect(sent).not.toHaveProperty('thinking');
  expect(sent['output_config']).toEqual({ task_budget: {} });
  expect(body.thinking).toEqual({ type: 'adaptive' });
});

test('what changes an answer and cannot be told is refused by its name, and what does not is left out', () => {
  const asked = (parameters: JsonObject) => refusalOf(promptOf([user(text('hi'))], { parameters }));
  for (const name of ['web_search_options', 'audio', 'functions'])
    expect(asked({ [name]: {} })).toContain(name);
  expect(asked({ n: 2 })).toContain('n');
  const style = { n: 1, logprobs: false, modalities: ['text'], seed: 1, frequency_penalty: 1, store: false };
  expect(asked(style)).toBeNull();
  const body = bodyOf(promptOf([user(text('hi'))], { parameters: style }));
  for (const name in style) expect(body).not.toHaveProperty(name);
});
