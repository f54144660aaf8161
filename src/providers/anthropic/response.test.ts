/** Whole answers: as they are to callers of the same dialect, in parts to others, and as events where a stream was asked for. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_USAGE } from '../../chat/usage.ts';
import { type CallOptions, playedAnthropic } from '../__fixtures__/upstream.ts';

const NATIVE: CallOptions = { dialect: 'anthropic-messages' };

function fixture(name: string): string {
  return readFileSync(join(import.meta.dir, '__fixtures__', name), 'utf8');
}

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'Hi', citations: [{ type: 'char_location', cited_text: 'x' }] }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: {
    input_tokens: 3,
    cache_creation_input_tokens: 30,
    cache_read_input_tokens: 5,
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    output_tokens: 9,
    output_tokens_details: { thinking_tokens: 4 },
    server_tool_use: { web_search_requests: 2 },
    service_tier: 'standard',
  },
};

test.each(['text.json', 'redacted.json', 'parallel-tools.json'])(
  '%s passes to its dialect as it is',
  (name) => {
    const body = fixture(name);
    expect(playedAnthropic({ body }, { ...NATIVE, stream: false }).body).toEqual(JSON.parse(body));
  },
);

test('every token is in the bucket of its price', () => {
  const { whole } = playedAnthropic({ body: JSON.stringify(MESSAGE) }, { stream: false });
  expect(whole?.usage).toEqual({
    ...NO_USAGE,
    inputTokens: 3,
    cacheReadTokens: 5,
    cacheWriteTokens: 10,
    cacheWrite1hTokens: 20,
    outputTokens: 5,
    reasoningTokens: 4,
    searches: 2,
  });
  expect(whole).toMatchObject({ upstreamId: 'msg_1', serviceTier: 'default', writtenBytes: 2 });
});

test.each([
  [{ input_tokens: -1, output_tokens: 1 }],
  [{ input_tokens: 1.5, output_tokens: 1 }],
  [{ output_tokens: 1 }],
  [null],
])('counts that cannot be are none: %p', (usage) => {
  const { whole } = playedAnthropic({ body: JSON.stringify({ ...MESSAGE, usage }) }, { stream: false });
  expect(whole?.usage).toBeNull();
});

test('parts: sealed and signed thoughts, texts and calls in their order', () => {
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 's' },
    { type: 'redacted_thinking', data: 'r' },
    { type: 'text', text: 'a' },
    { type: 'tool_use', id: 'toolu_1', name: 'f', input: { b: [1] } },
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
  ];
  const { whole } = playedAnthropic({ body: JSON.stringify({ ...MESSAGE, content }) }, { stream: false });
  if (whole?.form !== 'typed') throw new Error('not typed');
  expect(whole.choices).toEqual([
    {
      index: 0,
      parts: [
        { type: 'reasoning', text: 'hm', signature: 's', format: 'anthropic-claude-v1' },
        { type: 'reasoning', text: '', redacted: 'r', format: 'anthropic-claude-v1' },
        { type: 'text', text: 'a' },
        { type: 'tool-call', id: 'toolu_1', name: 'f', argumentsJson: '{"b":[1]}' },
        { type: 'opaque', dialect: 'anthropic-messages', value: content[4] as never },
      ],
      finishReason: 'tool_calls',
      nativeFinishReason: 'end_turn',
      logprobs: null,
    },
  ]);
});

test.each(['text.json', 'redacted.json', 'parallel-tools.json'])(
  '%s for a caller who asked for a stream adds up to the same message',
  (name) => {
    const body = fixture(name);
    const told = playedAnthropic({ body }, NATIVE);
    expect(told.ended).toBe(1);
    const again = told.chunks.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    expect(playedAnthropic({ body: again }, { ...NATIVE, stream: false }).body).toEqual(JSON.parse(body));
  },
);

test('citations of a text come back with it from a stream', () => {
  const told = playedAnthropic({ body: JSON.stringify(MESSAGE) }, NATIVE);
  const again = told.chunks.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
  expect(playedAnthropic({ body: again }, { ...NATIVE, stream: false }).body['content']).toEqual(
    MESSAGE.content,
  );
});

test.each([
  ['{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'status', 529],
  ['{"choices":[]}', 'garbage', null],
  ['{"type":"message","content":"no list"}', 'garbage', null],
  ['<html>', 'garbage', null],
])('%s under a 200 is a failure', (body, failure, status) => {
  for (const stream of [true, false]) {
    const { error } = playedAnthropic({ body }, { stream });
    expect(error).toMatchObject({ failure, status });
  }
});

test('an id among the arguments of a call keeps digits that no double holds', () => {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const block = '{"type":"tool_use","id":"toolu_1","name":"ban","input":{"user":1234567890123456789}}';
  const head = `"id":"msg_1","type":"message","role":"assistant","model":"m","stop_reason":"tool_use"`;
  const body = `{${head},"content":[${block}],"usage":${JSON.stringify(usage)}}`;
  const { whole } = playedAnthropic({ body }, { stream: false });
  if (whole?.form !== 'typed') throw new Error('it was not typed');
  expect(whole.choices[0]?.parts).toMatchObject([{ argumentsJson: '{"user":1234567890123456789}' }]);
  const native = playedAnthropic({ body }, { stream: false, dialect: 'anthropic-messages' });
  expect(JSON.stringify(native.body['content'])).toBe(`[${block}]`);
});
