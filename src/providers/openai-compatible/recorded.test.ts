import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { played } from '../__fixtures__/upstream.ts';

const folder = join(import.meta.dir, '__fixtures__');
const read = (name: string) => Bun.file(join(folder, name)).text();

/** What a client that joins chunks ends up with, and what is told for the bill. */
interface Outcome {
  readonly text: string;
  readonly reasoning?: string;
  readonly calls?: readonly [id: string, name: string, text: string][];
  readonly finish: readonly [reason: string | null, native: string | null];
  readonly usage: Partial<TokenUsage> | null;
}

const streams: readonly [string, Outcome][] = [
  [
    'openai-text.sse',
    { text: '**Holiday', finish: ['stop', 'stop'], usage: { inputTokens: 16, outputTokens: 300 } },
  ],
  [
    'azure-router.sse',
    {
      text: 'Capital of',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 15, outputTokens: 14, reasoningTokens: 64 },
    },
  ],
  [
    'deepseek-tools.sse',
    {
      text: '',
      reasoning: 'The user".',
      calls: [['call_00_ioIn7yN9p1ZOMNpDLwd4MgAF', 'weather', '{"location": "San Francisco"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 19, cacheReadTokens: 320, outputTokens: 44, reasoningTokens: 39 },
    },
  ],
  [
    'mistral-reasoning.sse',
    {
      text: '2 + 2 = 4',
      reasoning: 'The user is asking for 2+2. This is basic arithmetic. 2+2=4.',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 10, outputTokens: 46 },
    },
  ],
  [
    'mistral-tools.sse',
    {
      text: '',
      calls: [['chatcmpl-tool-9f149c74c42f265b', 'webSearchTool', '{"query": "current Berlin weather"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 43, cacheReadTokens: 128, outputTokens: 14 },
    },
  ],
  [
    'groq-tools.sse',
    {
      text: '',
      calls: [['tk85n1k4m', 'weather', '{}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 210, outputTokens: 15 },
    },
  ],
  [
    'xai-tools.sse',
    {
      text: '',
      reasoning: 'First, the user is',
      calls: [['call_55117580', 'weather', '{"location":"San Francisco"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 1, cacheReadTokens: 290, outputTokens: 26, reasoningTokens: 196 },
    },
  ],
  [
    'alibaba-tools.sse',
    {
      text: '',
      calls: [['call_eee11723464a4b9eb8cee71d', 'weather', '{"location": "San Francisco"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 295, outputTokens: 22 },
    },
  ],
  [
    'cerebras-tools.sse',
    {
      text: '',
      reasoning: 'The user is asking about a ".',
      calls: [['bbd2b9d98', 'nonUsefulTool', '{}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 66, cacheReadTokens: 256, outputTokens: 7, reasoningTokens: 97 },
    },
  ],
  [
    'perplexity-citations.sse',
    { text: 'The current[3]', finish: ['stop', 'stop'], usage: { inputTokens: 10, outputTokens: 336 } },
  ],
  [
    'anthropic-tools.sse',
    {
      text: 'Reading it.',
      calls: [['toolu_sanitized', 'read_file', '{"path": "a.txt"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: null,
    },
  ],
  [
    'moonshot-text.sse',
    { text: '。', finish: ['stop', 'stop'], usage: { inputTokens: 39, outputTokens: 211 } },
  ],
  [
    'ollama-tools.sse',
    {
      text: '',
      reasoning: 'Need the netlist.',
      calls: [['call_lbcjwr0u', 'run_command', '{"command":"ls -a"}']],
      finish: ['tool_calls', 'stop'],
      usage: null,
    },
  ],
  ['llamacpp-reasoning.sse', { text: '', reasoning: ' it handles', finish: ['stop', null], usage: null }],
  [
    'vllm-text.sse',
    { text: 'target" model', finish: ['stop', null], usage: { inputTokens: 16, outputTokens: 40 } },
  ],
  [
    'openrouter-text.sse',
    { text: '?', finish: ['stop', 'stop'], usage: { inputTokens: 15, outputTokens: 10 } },
  ],
  [
    'openrouter-finish-error.sse',
    {
      text: '',
      reasoning: 'We need to respond to a greeting. The user',
      finish: ['length', 'length'],
      usage: { inputTokens: 43, outputTokens: 10, reasoningTokens: 11 },
    },
  ],
  [
    'openrouter-reasoning.sse',
    {
      text: "I'm Grok, an AI?",
      finish: ['stop', 'completed'],
      usage: { inputTokens: 8, cacheReadTokens: 679, outputTokens: 69, reasoningTokens: 118 },
    },
  ],
  [
    'together-text.sse',
    {
      text: '<think>\nOkay, the user',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 10, outputTokens: 955 },
    },
  ],
  [
    'novita-text.sse',
    { text: 'Paris', finish: ['stop', 'stop'], usage: { inputTokens: 40, outputTokens: 2 } },
  ],
  [
    'groq-reasoning.sse',
    {
      text: ' $\\boxed{3}$',
      reasoning: 'Okay, let me try to figure',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 17, outputTokens: 144, reasoningTokens: 963 },
    },
  ],
];

function callsOf(deltas: readonly JsonObject[]) {
  const calls: [string, string, string][] = [];
  for (const fragment of deltas.flatMap((delta) => (delta['tool_calls'] ?? []) as JsonObject[])) {
    const fn = fragment['function'] as JsonObject;
    const call = calls[fragment['index'] as number];
    if (call === undefined) calls.push([String(fragment['id']), String(fn['name']), String(fn['arguments'])]);
    else call[2] += fn['arguments'] ?? '';
  }
  return calls;
}

describe('recorded streams', () => {
  test.each(streams)('%s, in reads of any length', async (name, wanted) => {
    const body = await read(name);
    for (const split of [undefined, 1, 17, 1460]) {
      const told = played({ body, ...(split === undefined ? {} : { split }) });
      expect(told.error).toBeNull();
      expect(told.ended).toBe(1);
      expect(told.text('content')).toStartWith(wanted.text);
      expect(told.text('reasoning')).toBe(wanted.reasoning ?? '');
      expect(callsOf(told.deltas)).toEqual([...(wanted.calls ?? [])]);
      expect(told.finishes.map(({ reason, native }) => [reason, native])).toEqual([[...wanted.finish]]);
      expect(told.usage).toEqual(wanted.usage === null ? null : { ...NO_USAGE, ...wanted.usage });
    }
  });

  test.each(streams)(
    '%s, for a caller of another dialect and for one who wanted it whole',
    async (name, wanted) => {
      const body = await read(name);
      const typed = played({ body }, { dialect: 'openai-text' });
      const text = typed.events.flatMap((event) => (event.type === 'delta' ? [event] : []));
      const starts = typed.events.flatMap((event) => (event.type === 'block-start' ? [event] : []));
      const of = (type: string) =>
        text
          .filter(({ block }) => starts.find((start) => start.block === block)?.part.type === type)
          .map((delta) => delta.text)
          .join('');
      expect(of('text')).toStartWith(wanted.text);
      expect(of('reasoning')).toBe(wanted.reasoning ?? '');
      expect(of('tool-call')).toBe((wanted.calls ?? []).map((call) => call[2]).join(''));
      const whole = played({ body }, { stream: false });
      const [choice] = whole.body['choices'] as JsonObject[];
      const message = choice?.['message'] as JsonObject;
      expect([choice?.['finish_reason'], message['reasoning'] ?? '']).toEqual([
        wanted.finish[0],
        wanted.reasoning ?? '',
      ]);
      expect(((message['tool_calls'] ?? []) as JsonObject[]).map(({ id }) => id)).toEqual(
        (wanted.calls ?? []).map((call) => call[0]),
      );
      expect(whole.whole?.usage).toEqual(wanted.usage === null ? null : { ...NO_USAGE, ...wanted.usage });
    },
  );
});

const wholes: readonly [string, Outcome][] = [
  [
    'openai-text.json',
    {
      text: '**Holiday Name:** Galaxy Day',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 16, outputTokens: 363 },
    },
  ],
  [
    'deepseek-tools.json',
    {
      text: '',
      reasoning: 'The user is asking',
      calls: [['call_00_9V0vrf86Pc9aelHCJMZqnJBo', 'weather', '{"location": "San Francisco"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 19, cacheReadTokens: 320, outputTokens: 44, reasoningTokens: 48 },
    },
  ],
  [
    'mistral-reasoning.json',
    {
      text: '2 + 2 = 4',
      reasoning: 'The user is asking for 2+2.',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 10, outputTokens: 46 },
    },
  ],
  [
    'groq-reasoning.json',
    {
      text: 'The word "strawberry" contains',
      reasoning: 'Okay, so the user',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 17, outputTokens: 79, reasoningTokens: 570 },
    },
  ],
  [
    'xai-text.json',
    {
      text: 'Hello',
      reasoning: 'First, the user said',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 10, cacheReadTokens: 2, outputTokens: 1, reasoningTokens: 228 },
    },
  ],
  [
    'alibaba-tools.json',
    {
      text: '',
      calls: [['call_962bfd2ab8f54b89a1161356', 'weather', '{"location": "San Francisco"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 295, outputTokens: 22 },
    },
  ],
  [
    'cerebras-tools.json',
    {
      text: '',
      reasoning: 'The user is asking about a "magic number"',
      calls: [['85e4fd267', 'nonUsefulTool', '{}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 66, cacheReadTokens: 256, outputTokens: 7, reasoningTokens: 58 },
    },
  ],
  [
    'moonshot-reasoning.json',
    {
      text: 'There are three.',
      reasoning: 'Let me count the letters carefully.',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 10, cacheReadTokens: 10, outputTokens: 8, reasoningTokens: 22 },
    },
  ],
  [
    'google-tools.json',
    {
      text: '',
      calls: [['', 'web_search', '{"query":"AutoGen"}']],
      finish: ['tool_calls', 'stop'],
      usage: { inputTokens: 50, outputTokens: 6 },
    },
  ],
  [
    'google-text.json',
    {
      text: 'The current time is Noon.',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 66, outputTokens: 6, reasoningTokens: 28 },
    },
  ],
  [
    'mistral-tools.json',
    {
      text: '',
      calls: [['gSIMJiOkT', 'weather', '{"location": "San Francisco"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 124, outputTokens: 22 },
    },
  ],
  [
    'openrouter-tools.json',
    {
      text: '',
      calls: [['3sniiMddS', 'divide', '{"numerator": 123, "denominator": 456, "on_inf": "infinity"}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 134, outputTokens: 43 },
    },
  ],
  [
    'openrouter-search.json',
    {
      text: 'https://github.com/pydantic/pydantic-ai',
      finish: ['stop', 'completed'],
      usage: { inputTokens: 8174, outputTokens: 30, searches: 1 },
    },
  ],
  [
    'together-tools.json',
    {
      text: '',
      calls: [['call_7qxjvbuxpm6017n3jcq1uqwt', 'final_result', '{"response":[2,3,5]}']],
      finish: ['tool_calls', 'tool_calls'],
      usage: { inputTokens: 19, outputTokens: 29 },
    },
  ],
  [
    'ollama-reasoning.json',
    {
      text: '{ "city": "Paris"',
      reasoning: 'Okay, the user is asking for the capital of France.',
      finish: ['stop', 'stop'],
      usage: { inputTokens: 136, outputTokens: 15 },
    },
  ],
];

describe('recorded whole answers', () => {
  test.each(wholes)('%s', async (name, wanted) => {
    const { whole, body } = played({ body: await read(name) }, { stream: false });
    const [choice] = body['choices'] as JsonObject[];
    const message = choice?.['message'] as JsonObject;
    expect(message['content'] ?? '').toStartWith(wanted.text);
    expect(message['reasoning'] ?? '').toStartWith(wanted.reasoning ?? '');
    const calls = (message['tool_calls'] ?? []) as JsonObject[];
    expect(calls.map((call) => call['function'])).toEqual(
      (wanted.calls ?? []).map(([, name, text]) => ({ name, arguments: text })),
    );
    for (const [at, [id]] of (wanted.calls ?? []).entries()) {
      if (id !== '') expect(calls[at]?.['id']).toBe(id);
      else expect(String(calls[at]?.['id'])).toMatch(/^call_\w{32}$/);
    }
    expect([choice?.['finish_reason'], choice?.['native_finish_reason']]).toEqual([...wanted.finish]);
    expect(whole?.usage).toEqual(wanted.usage === null ? null : { ...NO_USAGE, ...wanted.usage });
  });

  test.each(wholes)('%s, though a stream was asked for', async (name, wanted) => {
    const told = played({ body: await read(name) });
    expect(told.text('content')).toStartWith(wanted.text);
    expect(callsOf(told.deltas).map((call) => call.slice(1))).toEqual(
      (wanted.calls ?? []).map((call) => call.slice(1)),
    );
    expect(told.finishes.map(({ reason, native }) => [reason, native])).toEqual([[...wanted.finish]]);
  });
});

describe('recorded errors', () => {
  test.each([
    ['openai-error-400.json', 400, 'caller', "Unsupported parameter: 'max_tokens'", 'unsupported_parameter'],
    [
      'google-error-400.json',
      400,
      'caller',
      'Function call is missing a thought_signature',
      'INVALID_ARGUMENT',
    ],
    [
      'mistral-error-422.json',
      422,
      'caller',
      'stream_options.include_usage: Extra inputs',
      'invalid_request_error',
    ],
    ['cerebras-error-400.json', 400, 'caller', 'messages.2.assistant.reasoning_content', 'wrong_api_format'],
    [
      'deepseek-error-400.json',
      400,
      'caller',
      'The `reasoning_content` in the thinking mode',
      'invalid_request_error',
    ],
    ['groq-error-400.json', 400, 'caller', 'Tool call validation failed', 'tool_use_failed'],
    ['google-error-429.json', 429, 'rate', 'Provider rate limit exceeded', 'RESOURCE_EXHAUSTED'],
  ])('%s', async (name, status, fault, message, code) => {
    const { error } = played({ status, body: await read(name) });
    expect(error).toMatchObject({ status, fault, providerCode: code, isContextLength: false });
    expect(error?.message).toStartWith(message);
  });

  test('Groq breaks off behind what the model thought, and says why', async () => {
    const told = played({ body: await read('groq-error.sse') });
    expect(told.text('reasoning')).toBe('We need to that.');
    expect(told.error).toMatchObject({ failure: 'status', fault: 'caller', providerCode: 'tool_use_failed' });
    expect(told.error?.message).toStartWith('Tool call validation failed');
  });

  test('OpenRouter seals what was thought, and it stays as it came', async () => {
    const told = played({ body: await read('openrouter-reasoning.sse') });
    const details = told.deltas.flatMap((delta) => (delta['reasoning_details'] ?? []) as JsonObject[]);
    expect(details.map(({ type }) => type)).toContain('reasoning.encrypted');
  });

  test('what OpenRouter seals is a thought for callers of another dialect too', async () => {
    const { events } = played({ body: await read('openrouter-reasoning.sse') }, { dialect: 'openai-text' });
    const sealed = events.flatMap((event) =>
      event.type === 'block-start' && event.part.type === 'reasoning' ? [event.part.redacted] : [],
    );
    expect(sealed.filter((data) => data !== undefined)).toHaveLength(1);
  });

  test('Google says in its body how long to wait', async () => {
    const { error } = played({ status: 429, body: await read('google-error-429.json') });
    expect(error?.retryAfterSeconds).toBe(35);
  });
});
