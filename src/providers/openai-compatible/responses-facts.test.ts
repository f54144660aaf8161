/** What money and limits read beside a response of OpenAI's, streamed or whole: bytes written, counts, ends and who answered. */
import { describe, expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { type Answer, callOf, FakeUpstream, RESET, Told } from '../__fixtures__/upstream.ts';
import { openAiCompatible } from './adapter.ts';

const NATIVE = { dialect: 'openai-responses', body: { input: 'hi' } } as const;
const USAGE = {
  input_tokens: 7,
  input_tokens_details: { cached_tokens: 2 },
  output_tokens: 9,
  output_tokens_details: { reasoning_tokens: 4 },
};
const COUNTED = { ...NO_USAGE, inputTokens: 5, cacheReadTokens: 2, outputTokens: 5, reasoningTokens: 4 };
const CALL = { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'fé', arguments: '{"a":1}' };
const MESSAGE = {
  type: 'message',
  id: 'msg_1',
  content: [
    { type: 'output_text', text: 'é', annotations: [] },
    { type: 'refusal', refusal: 'no' },
    'no part',
  ],
};
const THOUGHT = { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm…' }] };
const response = (more: JsonObject = {}): JsonObject => ({
  id: 'resp_1',
  status: 'completed',
  output: [MESSAGE],
  usage: USAGE,
  ...more,
});
const END = { type: 'response.completed', response: response() };

function played(answer: Answer, stream = true): Told & { upstream: FakeUpstream } {
  const upstream = new FakeUpstream();
  const told = new Told();
  const call = callOf({ baseUrl: 'https://api.openai.com/v1', dialect: 'openai-responses', stream });
  openAiCompatible(upstream).chat({ ...call, payload: { ...call.payload, native: NATIVE } }, told);
  upstream.play(answer);
  return Object.assign(told, { upstream });
}

const sse = (...events: readonly unknown[]) =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
const streamed = (...events: readonly unknown[]) => played({ body: sse(...events) });
const wholeOf = (body: unknown) => played({ body: JSON.stringify(body) }, false);

const added = (item: unknown) => ({ type: 'response.output_item.added', item });

test.each([
  [{ type: 'response.output_text.delta', delta: 'é漢' }, 5, true],
  [{ type: 'response.output_text.delta', delta: 'a' }, 1, true],
  [{ type: 'response.output_text.delta', delta: '' }, 0, false],
  [{ type: 'response.function_call_arguments.delta', delta: '{"a"' }, 4, true],
  [{ type: 'response.reasoning_summary_text.delta', delta: 'hm' }, 2, true],
  [{ type: 'response.output_text.done', text: 'all of it again' }, 0, false],
  [added({ ...CALL, arguments: '' }), 3, true],
  [added({ type: 'web_search_call', id: 'ws_1' }), 0, true],
  [added({ type: 'message', content: [] }), 0, false],
  [added({ type: 'reasoning', summary: [] }), 0, false],
  [added(undefined), 0, true],
  [{ type: 'response.output_item.done', item: MESSAGE }, 0, true],
  [{ type: 'response.output_item.done', item: CALL }, 0, true],
  [{ type: 'response.in_progress', response: response() }, 0, false],
  [{ type: 'keepalive', sequence_number: 3 }, 0, false],
])('%j has %p bytes of the model’s and says something: %p', (event, writtenBytes, saysSomething) => {
  const told = streamed(event, END);
  expect([told.ended, told.error]).toEqual([1, null]);
  const [first, last] = told.events.filter(({ type }) => type === 'native');
  expect(first).toEqual({
    type: 'native',
    dialect: 'openai-responses',
    event,
    writtenBytes,
    saysSomething,
  } as never);
  expect(last).toMatchObject({ writtenBytes: 0, saysSomething: true });
});

describe('why it ended', () => {
  test.each([
    [{}, 'stop', 'completed'],
    [{ output: [CALL] }, 'tool_calls', 'completed'],
    [{ output: [{ ...CALL, type: 'custom_tool_call' }, MESSAGE] }, 'tool_calls', 'completed'],
    [{ output: [{ type: 'web_search_call', id: 'ws_1' }] }, 'stop', 'completed'],
    [{ output: [{ type: 'function_call_output', call_id: 'c1' }] }, 'stop', 'completed'],
    [{ status: 'incomplete', output: [CALL] }, 'length', 'incomplete'],
    [
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      'length',
      'max_output_tokens',
    ],
    [
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      'content_filter',
      'content_filter',
    ],
    [{ status: undefined, output: [] }, 'stop', null],
  ] as const)('%j: %s, in its word %p', (more, reason, native) => {
    const ended = response(more);
    const type = ended['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed';
    const told = streamed({ type, response: ended });
    expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason, native }]);
    expect(wholeOf(ended).whole).toMatchObject({ finishReason: reason, nativeFinishReason: native });
    expect(played({ body: JSON.stringify(ended) }).chunks.at(-1)?.['type']).toBe(type);
  });

  test('an end that holds no response is none', () => {
    expect(streamed({ type: 'response.completed' }).error?.message).toBe(
      'Provider closed the stream before it was finished',
    );
    expect(streamed({ type: 'response.completed', response: { id: 'resp_1' } }).finishes).toMatchObject([
      { reason: 'stop', native: null },
    ]);
  });
});

describe('counts and names', () => {
  test('are told at the end, the name at the beginning too, where they are there', () => {
    const created = { type: 'response.created', response: { id: 'resp_1', service_tier: 'auto' } };
    const end = { ...END, response: response({ service_tier: 'flex' }) };
    expect(streamed(created, end).events.filter(({ type }) => type !== 'native')).toEqual([
      { type: 'meta', upstreamId: 'resp_1', serviceTier: 'auto' },
      { type: 'meta', upstreamId: 'resp_1', serviceTier: 'flex' },
      { type: 'finish', choice: 0, reason: 'stop', native: 'completed' },
      { type: 'usage', usage: COUNTED },
    ]);
    const bare = streamed({ ...END, response: { output: [] } });
    expect(bare.events.filter(({ type }) => type !== 'native')).toEqual([
      { type: 'meta' },
      { type: 'finish', choice: 0, reason: 'stop', native: null },
    ]);
  });

  test('are those of a response that failed, too: its tokens were used', () => {
    const failed = response({ status: 'failed', error: { code: 'server_error', message: 'no' } });
    const told = streamed({ type: 'response.failed', response: failed });
    expect([told.usage, told.chunks]).toEqual([COUNTED, []]);
    expect(told.error).toMatchObject({ failure: 'status', fault: 'provider', status: 500 });
    expect(streamed({ type: 'response.failed' }).error).toMatchObject({ failure: 'status', status: 500 });
  });
});

describe('a whole response', () => {
  const body = response({
    output: [THOUGHT, MESSAGE, CALL, { type: 'custom_tool_call', input: 'ab' }],
    service_tier: 'flex',
  });

  test('counts every text, refusal, name and argument', () => {
    expect(wholeOf(body).whole).toEqual({
      form: 'native',
      dialect: 'openai-responses',
      body,
      writtenBytes: 5 + (2 + 2) + (3 + 7) + 2,
      finishReason: 'tool_calls',
      nativeFinishReason: 'completed',
      usage: COUNTED,
      upstreamId: 'resp_1',
      serviceTier: 'flex',
      systemFingerprint: null,
    });
    expect(wholeOf({ output: [] }).whole).toMatchObject({
      upstreamId: null,
      serviceTier: null,
      usage: null,
      writtenBytes: 0,
    });
  });

  test('is told as its items, with texts that grow, to who asked for a stream', () => {
    const told = played({ body: JSON.stringify(response({ output: [THOUGHT, MESSAGE] })) });
    const place = { item_id: 'msg_1', output_index: 1, content_index: 0 };
    const part = MESSAGE.content[0] as JsonObject;
    expect(told.chunks).toEqual([
      {
        type: 'response.created',
        response: { ...response(), status: 'in_progress', output: [], usage: null },
      },
      { type: 'response.output_item.added', output_index: 0, item: THOUGHT },
      { type: 'response.output_item.done', output_index: 0, item: THOUGHT },
      { type: 'response.output_item.added', output_index: 1, item: MESSAGE },
      { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
      { type: 'response.output_text.delta', ...place, delta: 'é', logprobs: [] },
      { type: 'response.output_text.done', ...place, text: 'é', logprobs: [] },
      { type: 'response.content_part.done', ...place, part },
      { type: 'response.output_item.done', output_index: 1, item: MESSAGE },
      { type: 'response.completed', response: response({ output: [THOUGHT, MESSAGE] }) },
    ]);
    expect(told.usage).toEqual(COUNTED);
  });

  test.each([
    ['{"error":{"code":"rate_limit_exceeded","message":"no"}}', 'status', 429],
    ['{"status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"no"}}', 'status', 429],
    ['{"hello":1}', 'garbage', null],
    ['[1]', 'garbage', null],
  ])('%s is none', (text, failure, status) => {
    expect(played({ body: text }, false).error).toMatchObject({ failure, status });
  });

  test('is what a stream ends with, and a stream that ends with none is no answer', () => {
    expect(played({ body: sse(END) }, false).body).toEqual(response());
    const none = { type: 'response.completed', response: { id: 'resp_1' } };
    expect(played({ body: sse(none) }, false).error).toMatchObject({
      failure: 'garbage',
      message: 'Provider returned an answer that is not a response',
      detail: '{"id":"resp_1"}',
    });
  });
});

describe('in the stream', () => {
  const delta = { type: 'response.output_text.delta', delta: 'a' };

  test.each([
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'no' }, 429],
    [{ type: 'error', error: { code: 'rate_limit_exceeded', message: 'no' } }, 429],
    [{ error: { code: 'rate_limit_exceeded', message: 'no' } }, 429],
  ])('%j is an error, and nothing is read behind it', (event, status) => {
    const told = streamed(delta, event, 'nonsense', END);
    expect(told.error).toMatchObject({ failure: 'status', status, providerCode: 'rate_limit_exceeded' });
    expect(told.chunks).toEqual([delta]);
  });

  test('signs of life are none: `[DONE]`, and JSON without a type', () => {
    const told = streamed('[DONE]', delta, { hello: 1 }, [1], 'null', END);
    expect([told.ended, told.error]).toEqual([1, null]);
    expect(told.chunks).toEqual([delta, END]);
  });

  test('what is no JSON breaks it', () => {
    expect(streamed(delta, 'Internal Server Error', END).error).toMatchObject({
      failure: 'garbage',
      message: 'Provider sent an event that is not JSON',
      detail: 'Internal Server Error',
    });
  });

  test('nothing is read behind the end, which needs no empty line', () => {
    expect(streamed(delta, END, delta, { type: 'error', message: 'no' }).chunks).toEqual([delta, END]);
    expect(played({ body: sse(delta, END).trimEnd() })).toMatchObject({ ended: 1, error: null });
  });

  test('half an event at a cut is the cut’s fault; an error that nothing ends is an error', () => {
    const body = `${sse(delta)}data: {"type":"respon`;
    expect(played({ body }).error?.failure).toBe('unreachable');
    expect(played({ body, failure: RESET }).error?.failure).toBe('unreachable');
    const error = sse({ type: 'error', code: 'rate_limit_exceeded', message: 'no' }).trimEnd();
    expect(played({ body: sse(delta) + error }).error).toMatchObject({ status: 429 });
    expect(played({ body: ': nothing\n\n' }).error?.message).toBe('Provider returned an empty answer');
  });

  test('an event without an end is too large, if nothing went wrong before', () => {
    const large = `data: ${'x'.repeat(16 * 1024 * 1024 + 1)}`;
    expect(played({ body: sse(delta) + large }).error).toMatchObject({
      failure: 'garbage',
      message: 'Provider sent an event that is too large',
    });
    const error = sse({ type: 'error', code: 'rate_limit_exceeded', message: 'no' });
    expect(played({ body: error + large }).error).toMatchObject({ status: 429 });
  });
});
