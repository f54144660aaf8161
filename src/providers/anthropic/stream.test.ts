/** What a stream tells: as it is to callers of the same dialect, in typed events to others, and the same however its bytes are split. */
import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatEvent } from '../../chat/event.ts';
import { NO_USAGE } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { type CallOptions, playedAnthropic, RESET } from '../__fixtures__/upstream.ts';

const FIXTURES = join(import.meta.dir, '__fixtures__');
const NATIVE: CallOptions = { dialect: 'anthropic-messages' };
const STREAMS = readdirSync(FIXTURES).filter((name) => name.endsWith('.sse'));
/** Those that end. */
const WHOLE = STREAMS.filter((name) => name !== 'begun-twice.sse');

function bytesOf(name: string): Buffer {
  return readFileSync(join(FIXTURES, name));
}

function eventsIn(name: string): JsonObject[] {
  return bytesOf(name)
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)));
}

function sse(...events: readonly JsonObject[]): string {
  return events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const START = {
  type: 'message_start',
  message: { id: 'msg_1', content: [], usage: { input_tokens: 7, output_tokens: 3 } },
};
const TEXT = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const HELLO = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } };
const STOP_BLOCK = { type: 'content_block_stop', index: 0 };
const END = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 9 },
};
const STOP = { type: 'message_stop' };

/** With the texts of one block in one piece: reads differ in how they cut them. */
function joined(events: readonly ChatEvent[]): ChatEvent[] {
  const out: ChatEvent[] = [];
  for (const event of events) {
    const last = out.at(-1);
    if (event.type === 'delta' && last?.type === 'delta' && last.block === event.block) {
      out[out.length - 1] = { ...last, text: last.text + event.text };
    } else out.push(event);
  }
  return out;
}

test.each(WHOLE.map((name) => [name] as const))(
  '%s: a caller of the dialect gets each event but pings',
  (name) => {
    const told = playedAnthropic({ body: bytesOf(name) }, NATIVE);
    expect(told.error).toBeNull();
    expect(told.ended).toBe(1);
    expect(told.chunks).toEqual(eventsIn(name).filter(({ type }) => type !== 'ping'));
  },
);

describe('however the bytes are split, the same is told', () => {
  test.each(WHOLE.map((name) => [name] as const))('%s', (name) => {
    for (const options of [NATIVE, {}]) {
      const atOnce = joined(playedAnthropic({ body: bytesOf(name) }, options).events);
      for (const split of [1, 2, 7, 64, [3, 1, 200]]) {
        expect(joined(playedAnthropic({ body: bytesOf(name), split }, options).events)).toEqual(atOnce);
      }
    }
  });
});

describe('a stream that breaks ends with a failure, unless it has said why it stopped', () => {
  test.each(WHOLE.map((name) => [name] as const))('%s', (name) => {
    const bytes = bytesOf(name);
    // A byte each in the small ones; the steps of the large ones share no factor with the length of a line.
    const step = Math.max(1, Math.floor(bytes.length / 400));
    for (let at = 0; at < bytes.length; at += step) {
      for (const failure of [undefined, RESET]) {
        const told = playedAnthropic({ body: bytes.subarray(0, at), ...(failure && { failure }) }, NATIVE);
        const hasStopped = told.finishes.length === 1;
        expect([at, told.ended, told.error === null]).toEqual([at, hasStopped ? 1 : 0, hasStopped]);
        if (hasStopped) expect(told.chunks.at(-1)?.['type']).toBe('message_stop');
      }
    }
  });
});

test('thoughts come as reasoning of its own format, with their signature at the end of the block', () => {
  const { events } = playedAnthropic({ body: bytesOf('thinking.sse') });
  expect(events.find(({ type }) => type === 'block-start')).toEqual({
    type: 'block-start',
    choice: 0,
    block: 0,
    part: { type: 'reasoning', format: 'anthropic-claude-v1' },
  });
  const end = events.find((event) => event.type === 'block-end');
  expect(end).toMatchObject({ block: 0, signature: expect.stringMatching(/^EsECCokBCBAY.*PGAE=$/) });
});

test('a sealed thought comes whole with its block', () => {
  const { events } = playedAnthropic({ body: bytesOf('redacted.sse') });
  const heads = events.flatMap((event) => (event.type === 'block-start' ? [event.part] : []));
  expect(heads).toEqual([
    { type: 'reasoning', format: 'anthropic-claude-v1', redacted: expect.stringMatching(/^EqkE/) },
    { type: 'reasoning', format: 'anthropic-claude-v1', redacted: expect.stringMatching(/^EtgB/) },
    { type: 'text' },
  ]);
});

test('a call without arguments has an empty object for them', () => {
  const told = playedAnthropic({ body: bytesOf('tool-without-arguments.sse') });
  const calls = told.events.filter((event) => event.type === 'delta' && event.block === 1);
  expect(calls).toEqual([{ type: 'delta', choice: 0, block: 1, text: '{}' }]);
  expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason: 'tool_calls', native: 'tool_use' }]);
});

test('arguments that come whole with their block, and blocks that come with the message, are told', () => {
  const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } };
  const prepared = { ...START, message: { ...START.message, content: [{ ...use, id: 'toolu_0' }] } };
  const { events } = playedAnthropic({
    body: sse(prepared, { type: 'content_block_start', index: 0, content_block: use }, STOP_BLOCK, END, STOP),
  });
  expect(events.filter(({ type }) => type === 'block-start' || type === 'delta')).toEqual([
    { type: 'block-start', choice: 0, block: 0, part: { type: 'tool-call', id: 'toolu_0', name: 'f' } },
    { type: 'delta', choice: 0, block: 0, text: '{"a":1}' },
    { type: 'block-start', choice: 0, block: 1, part: { type: 'tool-call', id: 'toolu_1', name: 'f' } },
    { type: 'delta', choice: 0, block: 1, text: '{"a":1}' },
  ]);
});

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['compaction', 'stop'],
  ['a_word_to_come', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])('it stopped for %s: %s', (word, reason) => {
  const end = {
    ...END,
    delta: { stop_reason: word, stop_sequence: word === 'stop_sequence' ? '###' : null },
  };
  const told = playedAnthropic({ body: sse(START, TEXT, HELLO, STOP_BLOCK, end, STOP) });
  expect(told.finishes).toMatchObject([{ reason, native: word }]);
  expect(told.finishes[0]?.stopSequence).toBe(word === 'stop_sequence' ? '###' : undefined);
});

describe('counts', () => {
  test('the prompt is told before the first word, and the end has the last one', () => {
    const told = playedAnthropic({ body: sse(START, TEXT, HELLO, STOP_BLOCK, END, STOP) }, NATIVE);
    expect(told.events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))).toEqual([
      { ...NO_USAGE, inputTokens: 7 },
      { ...NO_USAGE, inputTokens: 7, outputTokens: 9 },
    ]);
    const first = told.events.findIndex(({ type }) => type === 'usage');
    const word = told.events.findIndex((event) => event.type === 'native' && event.saysSomething);
    expect(first).toBeLessThan(word);
  });

  test('nothing is told of a message that has begun and says nothing', () => {
    const told = playedAnthropic({ body: sse(START, TEXT), failure: null }, NATIVE);
    expect(told.events.map((event) => event.type === 'native' && event.saysSomething)).not.toContain(true);
    expect(told.usage).toBeNull();
  });

  test.each([
    ['thinking.sse', { inputTokens: 47, outputTokens: 311, reasoningTokens: 62 }],
    [
      'cache-writes.sse',
      { inputTokens: 6, cacheWriteTokens: 3337, cacheReadTokens: 6289, outputTokens: 198 },
    ],
    ['compaction.sse', { inputTokens: 281, cacheReadTokens: 55096, outputTokens: 91 }],
    ['input-counted-late.sse', { inputTokens: 61, outputTokens: 2 }],
    ['tools.sse', { inputTokens: 377, outputTokens: 65 }],
  ] as const)('of %s', (name, counts) => {
    expect(playedAnthropic({ body: bytesOf(name) }).usage).toEqual({ ...NO_USAGE, ...counts });
  });
});

describe('counts of others who speak this format', () => {
  const counted = (start: JsonObject, end: JsonObject) =>
    playedAnthropic({
      body: sse(
        { ...START, message: { ...START.message, usage: start } },
        TEXT,
        HELLO,
        STOP_BLOCK,
        { ...END, usage: end },
        STOP,
      ),
    }).usage;

  test('all of the prompt at first, and at the end what the cache has left of it', () => {
    const start = { input_tokens: 8834, output_tokens: 0 };
    const end = { input_tokens: 18, output_tokens: 426, cache_read_input_tokens: 8816 };
    const usage = { ...NO_USAGE, inputTokens: 18, cacheReadTokens: 8816, outputTokens: 426 };
    expect(counted(start, end)).toEqual(usage);
    const all = { ...end, input_tokens: 0, cache_read_input_tokens: 8834 };
    expect(counted(start, all)).toEqual({ ...usage, inputTokens: 0, cacheReadTokens: 8834 });
  });

  test('a zero at the end for what was counted at the beginning', () => {
    const start = { input_tokens: 471, output_tokens: 5, cache_read_input_tokens: 9 };
    const end = { input_tokens: 0, output_tokens: 80, cache_read_input_tokens: 0 };
    expect(counted(start, end)).toEqual({
      ...NO_USAGE,
      inputTokens: 471,
      cacheReadTokens: 9,
      outputTokens: 80,
    });
  });
});

describe('errors in a stream', () => {
  test.each([
    ['overloaded_error', 529, 'provider'],
    ['api_error', 500, 'provider'],
    ['rate_limit_error', 429, 'rate'],
    ['timeout_error', 504, 'provider'],
    ['authentication_error', 401, 'account'],
    ['billing_error', 402, 'account'],
    ['permission_error', 403, 'account'],
    ['invalid_request_error', 400, 'caller'],
  ])('%s', (type, status, fault) => {
    const event = { type: 'error', error: { type, message: 'no' }, request_id: 'req_1' };
    for (const before of [[START], [START, TEXT, HELLO]]) {
      const { error, ended } = playedAnthropic({ body: sse(...before, event) }, NATIVE);
      expect(ended).toBe(0);
      expect([error?.status, error?.fault]).toEqual([status, fault] as never);
    }
  });

  test('behind an answer that has said why it stopped, it changes nothing', () => {
    const error = { type: 'error', error: { type: 'api_error', message: 'no' } };
    const told = playedAnthropic({ body: sse(START, TEXT, HELLO, STOP_BLOCK, END, error) }, NATIVE);
    expect([told.ended, told.error]).toEqual([1, null]);
  });

  test('a proxy that begins the answer a second time breaks it, once something was said', () => {
    const { error } = playedAnthropic({ body: bytesOf('begun-twice.sse') }, NATIVE);
    expect(error).toMatchObject({ failure: 'garbage', fault: 'provider' });
    const again = { ...START, message: { ...START.message, id: 'msg_2' } };
    const told = playedAnthropic({ body: sse(START, again, TEXT, HELLO, STOP_BLOCK, END, STOP) });
    expect([told.ended, told.error]).toEqual([1, null]);
  });

  test('what is no event of this format is a failure', () => {
    for (const data of ['{"choices":[]}', 'Internal Server Error', '[1]']) {
      const { error } = playedAnthropic({ body: `${sse(START)}data: ${data}\n\n` });
      expect(error?.fault).toBe('provider');
    }
  });
});

test('an end without a reason, and one as OpenAI writes it, give the answer a reason', () => {
  for (const end of [sse(STOP), 'data: [DONE]\n\n']) {
    const told = playedAnthropic({ body: sse(START, TEXT, HELLO, STOP_BLOCK) + end }, NATIVE);
    expect([told.ended, told.finishes]).toEqual([
      1,
      [{ type: 'finish', choice: 0, reason: 'stop', native: null }],
    ]);
    expect(told.chunks.at(-1)).toEqual({ type: 'message_stop' });
  }
});

test('events and blocks that nobody knows pass to their dialect, and say nothing to others', () => {
  const unknown = { type: 'message_transformed', what: [1] };
  const block = { type: 'content_block_start', index: 0, content_block: { type: 'gadget', x: 1 } };
  const body = sse(START, unknown, block, STOP_BLOCK, END, STOP);
  expect(playedAnthropic({ body }, NATIVE).chunks).toEqual([START, unknown, block, STOP_BLOCK, END, STOP]);
  const { events } = playedAnthropic({ body });
  expect(events.flatMap((event) => (event.type === 'block-start' ? [event.part] : []))).toEqual([
    { type: 'opaque', dialect: 'anthropic-messages', value: { type: 'gadget', x: 1 } },
  ]);
});

describe('asked for whole, answered by a stream', () => {
  test.each(WHOLE.map((name) => [name] as const))('%s: the message is what its events add up to', (name) => {
    const told = playedAnthropic({ body: bytesOf(name) }, { ...NATIVE, stream: false });
    expect(told.error).toBeNull();
    const streamed = playedAnthropic({ body: bytesOf(name) }, NATIVE);
    expect(told.whole?.usage).toEqual(streamed.usage);
    expect(told.whole?.finishReason).toBe(streamed.finishes[0]?.reason ?? null);
    const started = eventsIn(name).filter(({ type }) => type === 'content_block_start');
    const content = told.body['content'];
    expect(Array.isArray(content) && content.map(({ type }) => type)).toEqual(
      started.map(({ content_block: block }) => isJsonObject(block) && block['type']) as never,
    );
  });
});
