/** A whole message where a stream was asked for: the events that a stream would have had, with its counts; and blocks that lack members. */
import { expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import { type CallOptions, playedAnthropic } from '../__fixtures__/upstream.ts';

const NATIVE: CallOptions = { dialect: 'anthropic-messages' };
const CONTENT = [
  { type: 'thinking', thinking: 'hm', signature: 'EsEC' },
  { type: 'redacted_thinking', data: 'EqkE' },
  { type: 'text', text: 'Hi', citations: [{ type: 'char_location', cited_text: 'x' }] },
  { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
  { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
];
const USAGE = { input_tokens: 3, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } };
const HEAD = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x' };
const MESSAGE = {
  ...HEAD,
  content: CONTENT,
  stop_reason: 'stop_sequence',
  stop_sequence: '###',
  usage: USAGE,
};

const streamed = (message: object) => playedAnthropic({ body: JSON.stringify(message) }, NATIVE);

test('every block comes as its beginning, its deltas and its end, and the message ends with its last event', () => {
  const told = streamed(MESSAGE);
  expect([told.ended, told.error]).toEqual([1, null]);
  const block = (index: number, content_block: object, ...deltas: readonly object[]) => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
  const call = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} };
  const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} };
  expect(told.chunks).toEqual([
    {
      type: 'message_start',
      message: { ...HEAD, content: [], stop_reason: null, stop_sequence: null, usage: USAGE },
    },
    ...block(
      0,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking: 'hm' },
      { type: 'signature_delta', signature: 'EsEC' },
    ),
    ...block(1, { type: 'redacted_thinking', data: 'EqkE' }),
    ...block(
      2,
      { type: 'text', text: '' },
      { type: 'text_delta', text: 'Hi' },
      { type: 'citations_delta', citation: { type: 'char_location', cited_text: 'x' } },
    ),
    ...block(3, call, { type: 'input_json_delta', partial_json: '{"a":1}' }),
    ...block(4, search, { type: 'input_json_delta', partial_json: '{"query":"q"}' }),
    {
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: '###' },
      usage: USAGE,
    },
    { type: 'message_stop' },
  ]);
});

test('its counts and why it stopped are those of the whole message', () => {
  const told = streamed(MESSAGE);
  expect(told.usage).toEqual({ ...NO_USAGE, inputTokens: 3, outputTokens: 5, reasoningTokens: 4 });
  expect(told.finishes).toEqual([
    { type: 'finish', choice: 0, reason: 'tool_calls', native: 'stop_sequence', stopSequence: '###' },
  ]);
  const { whole } = playedAnthropic({ body: JSON.stringify(MESSAGE) }, { ...NATIVE, stream: false });
  expect(whole).toMatchObject({
    dialect: 'anthropic-messages',
    usage: told.usage ?? {},
    systemFingerprint: null,
  });
});

test('what it says of a refusal stays beside its reason', () => {
  const stop_details = { type: 'refusal', category: 'cyber', explanation: 'no' };
  const end = (message: object) => streamed(message).chunks.find(({ type }) => type === 'message_delta');
  expect(end({ ...MESSAGE, stop_reason: 'refusal', stop_sequence: null, stop_details })?.['delta']).toEqual({
    stop_reason: 'refusal',
    stop_sequence: null,
    stop_details,
  });
  expect(Object.keys(end(MESSAGE)?.['delta'] ?? {})).toEqual(['stop_reason', 'stop_sequence']);
});

test('a thought that is not signed has an empty signature, as in a stream', () => {
  const told = streamed({ ...MESSAGE, content: [{ type: 'thinking', thinking: 'hm' }] });
  expect(told.chunks).toContainEqual({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'signature_delta', signature: '' },
  });
});

test('blocks that lack their members are empty ones to callers of another dialect', () => {
  const content = ['text', 'thinking', 'redacted_thinking', 'tool_use'].map((type) => ({ type }));
  const body = JSON.stringify({ ...MESSAGE, id: '', content });
  const { whole } = playedAnthropic({ body }, { stream: false });
  if (whole?.form !== 'typed') throw new Error('not typed');
  const format = 'anthropic-claude-v1';
  expect(whole.choices[0]?.parts).toEqual([
    { type: 'text', text: '' },
    { type: 'reasoning', text: '', format },
    { type: 'reasoning', text: '', redacted: '', format },
    { type: 'tool-call', id: '', name: '', argumentsJson: '{}' },
  ]);
  expect(whole).toMatchObject({ upstreamId: null, writtenBytes: 0 });
});

test.each(['{"content":["no block"]}', '{"content":[{"type":"text","text":"a"},null]}', '[1]', '"content"'])(
  '%s is no message, whole or as a stream',
  (body) => {
    for (const stream of [true, false]) {
      expect(playedAnthropic({ body }, { ...NATIVE, stream }).error).toMatchObject({
        failure: 'garbage',
        fault: 'provider',
        message: 'Provider returned an answer that is not a message',
      });
    }
  },
);
