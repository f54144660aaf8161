/** How much the model wrote, and that it called: what is charged where nobody counted, and what tells clients to run a tool. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { type CallOptions, playedAnthropic } from '../__fixtures__/upstream.ts';

const NATIVE: CallOptions = { dialect: 'anthropic-messages' };
const USAGE = { input_tokens: 7, output_tokens: 9 };
const START = {
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage: USAGE },
};
const end = (word: string | null) => ({
  type: 'message_delta',
  delta: { stop_reason: word, stop_sequence: null },
  usage: { output_tokens: 9 },
});
const STOP = { type: 'message_stop' };
const begin = (content_block: JsonObject, index = 0) => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (members: JsonObject, index = 0) => ({ type: 'content_block_delta', index, delta: members });

function sse(...events: readonly JsonObject[]): string {
  return events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

/** Bytes, and whether it binds us to the provider, of each event that passes to a caller of the dialect. */
function toldOf(...events: readonly JsonObject[]): (readonly [number, boolean])[] {
  return playedAnthropic({ body: sse(...events, end('end_turn'), STOP) }, NATIVE)
    .events.flatMap((event) =>
      event.type === 'native' ? [[event.writtenBytes, event.saysSomething] as const] : [],
    )
    .slice(0, events.length);
}

const finishOf = (...events: readonly JsonObject[]) =>
  playedAnthropic({ body: sse(...events) }, NATIVE).finishes.map(({ reason }) => reason);

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const block = fc.oneof(
  fc.record({ type: fc.constant('text'), text }),
  fc.record({ type: fc.constant('thinking'), thinking: text, signature: text }),
  fc.record({
    type: fc.constantFrom('tool_use', 'server_tool_use'),
    id: fc.constant('toolu_1'),
    name: fc.string({ minLength: 1, maxLength: 9 }),
    input: fc.dictionary(fc.constantFrom('a', 'ä'), text),
  }),
  fc.record({ type: fc.constant('redacted_thinking'), data: text }),
);

test('a whole answer counts the bytes of its texts, thoughts and calls, and adds up to the same as a stream', () => {
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 5 }),
      fc.constantFrom('end_turn', 'max_tokens'),
      (content, word) => {
        const written = content.reduce((sum, one) => {
          const said = 'text' in one ? one.text : 'thinking' in one ? one.thinking : '';
          const called = 'name' in one ? one.name : '';
          const input = 'input' in one && Object.keys(one.input).length > 0 ? JSON.stringify(one.input) : '';
          return sum + Buffer.byteLength(said + called + input);
        }, 0);
        const message = {
          ...START.message,
          content,
          stop_reason: word,
          stop_sequence: null,
          stop_details: null,
        };
        const body = JSON.stringify(message);
        const whole = playedAnthropic({ body }, { ...NATIVE, stream: false }).whole;
        expect(whole?.writtenBytes).toBe(written);
        const told = playedAnthropic({ body }, NATIVE);
        const streamed = told.events.reduce(
          (sum, event) => sum + (event.type === 'native' ? event.writtenBytes : 0),
          0,
        );
        // A call without arguments is told with the two bytes of an empty object.
        const empty = content.filter((one) => 'input' in one && Object.keys(one.input).length === 0).length;
        expect(streamed).toBe(written + 2 * empty);
        const again = told.chunks.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
        expect(playedAnthropic({ body: again }, { ...NATIVE, stream: false }).body).toEqual(message as never);
        const calls = content.some(({ type }) => type === 'tool_use') && word === 'end_turn';
        const reason = calls ? 'tool_calls' : word === 'end_turn' ? 'stop' : 'length';
        expect([whole?.finishReason, ...told.finishes.map((finish) => finish.reason)]).toEqual([
          reason,
          reason,
        ]);
      },
    ),
  );
});

test('each event counts what it brings, and says something where it does', () => {
  expect(
    toldOf(
      { ...START, message: { ...START.message, content: [{ type: 'text', text: 'äb' }, 'no block'] } },
      begin({ type: 'text', text: '' }),
      delta({ type: 'text_delta', text: 'ä' }),
      delta({ type: 'text_delta', text: '' }),
      begin({ type: 'thinking', thinking: '', signature: '' }, 1),
      delta({ type: 'thinking_delta', thinking: 'hm…' }, 1),
      delta({ type: 'signature_delta', signature: 'sig' }, 1),
      begin({ type: 'tool_use', id: 'toolu_1', name: 'fé', input: {} }, 2),
      delta({ type: 'input_json_delta', partial_json: '{"a":1}' }, 2),
      begin({ type: 'tool_use', id: 'toolu_2', name: 'f', input: { a: 'ä' } }, 3),
      begin({ type: 'compaction', content: null }, 4),
      delta({ type: 'compaction_delta', content: 'short' }, 4),
      begin({ type: 'text', text: 'begun' }, 5),
      begin({ type: 'thinking', thinking: 'begun' }, 6),
      delta({ type: 'a_delta_to_come', text: 'not counted' }, 6),
      { type: 'content_block_start', index: 7, content_block: 'none' },
      { type: 'content_block_delta', index: 7, delta: 'none' },
    ),
  ).toEqual([
    ...([[3, true]] as const),
    ...([
      [0, false],
      [2, true],
      [0, false],
    ] as const),
    ...([
      [0, false],
      [5, true],
      [0, true],
    ] as const),
    ...([
      [3, true],
      [7, true],
    ] as const),
    [1 + JSON.stringify({ a: 'ä' }).length + 1, true],
    ...([
      [0, true],
      [5, true],
    ] as const),
    ...([
      [5, true],
      [5, true],
      [0, false],
    ] as const),
    ...([
      [0, true],
      [0, false],
    ] as const),
  ]);
});

describe('an ordinary end behind a call tells of the call', () => {
  const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} };
  const plain = { type: 'text', text: 'Let me look.' };
  const begun = { ...START, message: { ...START.message, content: [use, plain] } };
  const ways: readonly (readonly [string, readonly JsonObject[]])[] = [
    ['a call that came with the message', [begun, begin(plain)]],
    ['a call, and a text behind it', [START, begin(use), begin(plain, 1)]],
  ];
  test.each(ways)('%s', (_, events) => {
    expect(finishOf(...events, end('end_turn'), STOP)).toEqual(['tool_calls']);
    expect(finishOf(...events, end(null), STOP)).toEqual(['tool_calls']);
    expect(finishOf(...events, end('max_tokens'), STOP)).toEqual(['length']);
  });

  test('no other block is one', () => {
    const other = { ...use, type: 'server_tool_use' };
    const said = { ...START, message: { ...START.message, content: [plain] } };
    expect(finishOf(said, begin(other), end('end_turn'), STOP)).toEqual(['stop']);
  });
});

describe('between the events of an answer', () => {
  const hello = [begin({ type: 'text', text: '' }), delta({ type: 'text_delta', text: 'Hello' })];
  const around = (raw: string) =>
    playedAnthropic({ body: sse(START) + raw + sse(...hello, end('end_turn'), STOP) }, NATIVE);

  test.each([
    '{"choices":[]}',
    'Internal Server Error',
    '[1]',
    '7',
    '{"type":7}',
    '{"error":{"message":"no"}}',
  ])('%s breaks it, whatever comes behind', (data) => {
    const { error, ended } = around(`data: ${data}\n\n`);
    expect([error?.fault, ended]).toEqual(['provider', 0]);
  });

  test.each(['null', '""', 'ping', ': OPENROUTER PROCESSING', 'keep-alive', 'KeepAlive', 'heartbeat', ' '])(
    '%p is a sign of life',
    (data) => {
      const { error, ended, chunks } = around(`data: ${data}\n\n`);
      expect([error, ended, chunks.length]).toEqual([null, 1, 5]);
    },
  );

  test('an event by the name of an error is one, whatever it holds', () => {
    for (const data of ['{"type":"message_stop"}', '{"message":"no"}', 'no'])
      expect(around(`event: error\ndata: ${data}\n\n`).error?.fault).toBe('provider');
  });
});

describe('an answer that breaks off', () => {
  const hello = [START, begin({ type: 'text', text: '' }), delta({ type: 'text_delta', text: 'Hello' })];

  test('behind its reason to stop is whole, and its dialect gets the last event once', () => {
    for (const last of [
      '',
      'event: message_stop\ndata: {"type":"mess',
      'data: {"type":"message_stop"}\n\n',
    ]) {
      const { chunks, ended, error } = playedAnthropic(
        { body: sse(...hello, end('end_turn')) + last },
        NATIVE,
      );
      expect([ended, error, chunks.length, chunks.at(-1)]).toEqual([1, null, 5, { type: 'message_stop' }]);
    }
  });

  test('before it has failed', () => {
    const { ended, error } = playedAnthropic({ body: sse(...hello) }, NATIVE);
    expect([ended, error?.fault]).toEqual([0, 'provider']);
  });
});

test('its name and its tier are told where there are such, and no others', () => {
  const metaOf = (message: JsonObject) =>
    playedAnthropic({ body: sse({ ...START, message }, end('end_turn'), STOP) }, NATIVE).events.filter(
      ({ type }) => type === 'meta',
    );
  expect(metaOf({ id: 'msg_1', usage: { ...USAGE, service_tier: 'priority' } })).toEqual([
    { type: 'meta', upstreamId: 'msg_1', serviceTier: 'priority' },
  ]);
  expect(metaOf({ id: '', usage: { ...USAGE, service_tier: 'priority' } })).toEqual([
    { type: 'meta', serviceTier: 'priority' },
  ]);
  expect(metaOf({ id: 'msg_1', usage: USAGE })).toEqual([{ type: 'meta', upstreamId: 'msg_1' }]);
  expect(metaOf({ id: '' })).toEqual([]);
});

test('a message that is begun twice under one name counts as it did the second time', () => {
  const again = { ...START, message: { ...START.message, usage: { input_tokens: 11, output_tokens: 1 } } };
  const hello = [begin({ type: 'text', text: '' }), delta({ type: 'text_delta', text: 'Hello' })];
  const told = playedAnthropic({ body: sse(START, ...hello, again, end('end_turn'), STOP) }, NATIVE);
  expect([told.error, told.usage?.inputTokens]).toEqual([null, 11]);
  const events = told.chunks.filter((event) => isJsonObject(event) && event['type'] === 'message_start');
  expect(events).toHaveLength(1);
});
