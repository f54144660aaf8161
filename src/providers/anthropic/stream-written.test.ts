/** What each event of a stream says of what the model has written: who counts nothing is billed by it, and who leaves early pays for it. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_USAGE } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { type CallOptions, playedAnthropic, RESET } from '../__fixtures__/upstream.ts';

const NATIVE: CallOptions = { dialect: 'anthropic-messages' };
const MESSAGE = { id: 'msg_1', content: [], usage: { input_tokens: 7, output_tokens: 3 } };
const START = { type: 'message_start', message: MESSAGE };
const TEXT = begun({ type: 'text', text: '' });
const HELLO = delta({ type: 'text_delta', text: 'Hello' });
const STOP_BLOCK = { type: 'content_block_stop', index: 0 };
const END = ended('end_turn');
const STOP = { type: 'message_stop' };

function begun(content_block: unknown): JsonObject {
  return { type: 'content_block_start', index: 0, content_block };
}

function delta(of: unknown): JsonObject {
  return { type: 'content_block_delta', index: 0, delta: of };
}

function ended(stop_reason: string | null, usage: unknown = { output_tokens: 9 }): JsonObject {
  return { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage };
}

function sse(...events: readonly JsonObject[]): string {
  return events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const played = (...events: readonly JsonObject[]) => playedAnthropic({ body: sse(...events) }, NATIVE);

/** Of one event between the beginning and the end of a message. */
function factsOf(event: JsonObject) {
  const told = played(START, event, END, STOP);
  expect([told.ended, told.error]).toEqual([1, null]);
  const [of] = told.events.filter((each) => each.type === 'native' && each.event['type'] === event['type']);
  return of?.type === 'native' ? [of.writtenBytes, of.saysSomething] : null;
}

describe('UTF-8 bytes that the model wrote, and whether the event says anything', () => {
  test.each([
    [{ type: 'text_delta', text: 'a' }, 1, true],
    [{ type: 'text_delta', text: 'é漢' }, 5, true],
    [{ type: 'text_delta', text: '' }, 0, false],
    [{ type: 'text_delta' }, 0, false],
    [{ type: 'thinking_delta', thinking: 'hm…' }, 5, true],
    [{ type: 'input_json_delta', partial_json: '{"a"' }, 4, true],
    [{ type: 'input_json_delta', partial_json: '' }, 0, false],
    [{ type: 'compaction_delta', content: 'so far: é' }, 10, true],
    [{ type: 'signature_delta', signature: 'EsEC' }, 0, true],
    [{ type: 'citations_delta', citation: { cited_text: 'not its own' } }, 0, false],
    [{ type: 'a_delta_to_come', text: 'not known' }, 0, false],
    ['none', 0, false],
    [undefined, 0, false],
  ])('a delta %p: %p, %p', (of, bytes, says) => {
    expect(factsOf(delta(of))).toEqual([bytes, says]);
  });

  test.each([
    [{ type: 'text', text: '' }, 0, false],
    [{ type: 'text', text: 'a' }, 1, true],
    [{ type: 'thinking', thinking: '', signature: '' }, 0, false],
    [{ type: 'thinking', thinking: '漢', signature: '' }, 3, true],
    [{ type: 'redacted_thinking', data: 'EqkE' }, 0, true],
    [{ type: 'tool_use', id: 'toolu_1', name: 'fé', input: {} }, 3, true],
    [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 'é' } }, 1 + 10, true],
    [{ type: 'compaction', content: null }, 0, true],
    [{ type: 'compaction', content: 'so far' }, 6, true],
    [{ type: 'web_fetch_tool_result', tool_use_id: 's', content: 'what a page says' }, 0, true],
    [undefined, 0, true],
  ])('a block that begins as %p: %p, %p', (block, bytes, says) => {
    expect(factsOf(begun(block))).toEqual([bytes, says]);
  });

  test('blocks that the message has when it begins are added up', () => {
    const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } };
    const message = { ...MESSAGE, content: [{ type: 'text', text: 'Grüße' }, use] };
    const told = played({ type: 'message_start', message }, ended('end_turn'), STOP);
    expect(told.events.find(({ type }) => type === 'native')).toMatchObject({
      dialect: 'anthropic-messages',
      writtenBytes: 7 + 8,
      saysSomething: true,
    });
    expect(told.finishes).toMatchObject([{ reason: 'tool_calls', native: 'end_turn' }]);
  });

  test('frames of the message, events to come and the end say nothing', () => {
    const told = played(START, { type: 'message_transformed' }, TEXT, HELLO, STOP_BLOCK, END, STOP);
    const facts = told.events.flatMap((event) =>
      event.type === 'native' ? [[event.event['type'], event.writtenBytes, event.saysSomething]] : [],
    );
    expect(facts).toEqual([
      ['message_start', 0, false],
      ['message_transformed', 0, false],
      ['content_block_start', 0, false],
      ['content_block_delta', 5, true],
      ['content_block_stop', 0, false],
      ['message_delta', 0, false],
      ['message_stop', 0, false],
    ]);
    for (const end of ['', 'data: [DONE]\n\n']) {
      const { events } = playedAnthropic({ body: sse(START, TEXT, HELLO, STOP_BLOCK, END) + end }, NATIVE);
      expect(events.findLast(({ type }) => type === 'native')).toEqual({
        type: 'native',
        dialect: 'anthropic-messages',
        event: STOP,
        writtenBytes: 0,
        saysSomething: false,
      });
    }
  });

  test('one block that the message has when it begins says something', () => {
    const message = { ...MESSAGE, content: [{ type: 'text', text: '' }, 'no block'] };
    const { events } = played({ type: 'message_start', message }, END, STOP);
    expect(events.find(({ type }) => type === 'native')).toMatchObject({
      writtenBytes: 0,
      saysSomething: true,
    });
  });

  test('a summary of a compaction is written too, as recorded', () => {
    const body = readFileSync(join(import.meta.dir, '__fixtures__/compaction.sse'));
    const { events } = playedAnthropic({ body }, NATIVE);
    const written = events.flatMap((event) =>
      event.type === 'native' && event.event['type'] === 'content_block_delta'
        ? [[(event.event['delta'] as JsonObject)['type'], event.writtenBytes > 0]]
        : [],
    );
    expect(written).toContainEqual(['compaction_delta', true]);
    expect(written).not.toContainEqual(['compaction_delta', false]);
  });
});

describe('counts of whoever is left with half an answer', () => {
  test.each([null, RESET])('a count that comes before the reason is told at once (%p)', (failure) => {
    const body = sse(START, TEXT, HELLO, ended(null, { output_tokens: 9 }));
    const { usage } = playedAnthropic({ body, failure }, NATIVE);
    expect(usage).toEqual({ ...NO_USAGE, inputTokens: 7, outputTokens: 9 });
  });

  test('tokens that the beginning counts ahead are not told, thoughts neither', () => {
    const counts = { input_tokens: 7, output_tokens: 5, output_tokens_details: { thinking_tokens: 2 } };
    const start = { ...START, message: { ...MESSAGE, usage: counts } };
    const { usage } = playedAnthropic({ body: sse(start, TEXT, HELLO), failure: null }, NATIVE);
    expect(usage).toEqual({ ...NO_USAGE, inputTokens: 7 });
  });

  test('an end that counts nothing leaves the count of the beginning, before the reason', () => {
    const told = played(START, TEXT, STOP_BLOCK, STOP);
    expect(told.usage).toEqual({ ...NO_USAGE, inputTokens: 7 });
    const types = told.events.map(({ type }) => type);
    expect(types.indexOf('usage')).toBeLessThan(types.indexOf('finish'));
    expect(played(START, TEXT, HELLO, ended('end_turn', null), STOP).usage).toEqual(told.usage);
  });

  test('who counts nothing at all has no usage', () => {
    const start = { type: 'message_start', message: { id: 'msg_1', role: 'assistant' } };
    const told = played(start, TEXT, HELLO, ended('end_turn', undefined), STOP);
    expect([told.ended, told.usage]).toEqual([1, null]);
  });

  test('a proxy that says the beginning again, with the count it did not have, is one answer', () => {
    const again = { ...START, message: { ...MESSAGE, usage: { input_tokens: 70, output_tokens: 0 } } };
    const told = played(START, TEXT, HELLO, again, STOP_BLOCK, END, STOP);
    expect([told.ended, told.error]).toEqual([1, null]);
    expect(told.usage).toEqual({ ...NO_USAGE, inputTokens: 70, outputTokens: 9 });
    expect(told.events.filter(({ type }) => type === 'meta')).toHaveLength(1);
  });

  test('a second answer breaks the first one, also between two blocks', () => {
    const again = { ...START, message: { ...MESSAGE, id: 'msg_2' } };
    const { error } = played(START, TEXT, HELLO, STOP_BLOCK, again, TEXT, HELLO, STOP_BLOCK, END, STOP);
    expect(error).toMatchObject({
      failure: 'garbage',
      message: 'Provider began its answer a second time',
      detail: expect.stringContaining('msg_2'),
    });
  });
});

test('a count without a reason is no end', () => {
  const told = played(START, TEXT, HELLO, ended(null), STOP_BLOCK, ended('max_tokens'), STOP);
  expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason: 'length', native: 'max_tokens' }]);
  const bare = played(START, TEXT, HELLO, { type: 'message_delta', usage: { output_tokens: 9 } }, END, STOP);
  expect(bare.finishes).toMatchObject([{ reason: 'stop', native: 'end_turn' }]);
});

test.each([
  ['its last event has no empty line behind it', [START, TEXT, HELLO, STOP_BLOCK, END, STOP]],
  ['it has no beginning', [TEXT, HELLO, STOP_BLOCK, END, STOP]],
  ['it has no blocks', [START, END, STOP]],
  ['it has only deltas', [HELLO, END, STOP]],
  ['it has only its end', [END, STOP]],
  ['it has no message in its beginning', [{ type: 'message_start' }, TEXT, HELLO, STOP_BLOCK, END, STOP]],
  ['it says nothing at all', [START, STOP]],
  ['it is one empty block', [TEXT, STOP_BLOCK, STOP]],
  ['it is one delta and an end', [HELLO, STOP]],
  [
    'its last event says more, as Bedrock’s does',
    [
      ...[START, TEXT, HELLO, STOP_BLOCK, END],
      { ...STOP, 'amazon-bedrock-invocationMetrics': { inputTokenCount: 7, outputTokenCount: 9 } },
    ],
  ],
])('a message passes to its dialect as it is where %s', (_, events: readonly JsonObject[]) => {
  const told = playedAnthropic({ body: sse(...events).trimEnd() }, NATIVE);
  expect([told.ended, told.error]).toEqual([1, null]);
  expect(told.chunks).toEqual([...events]);
  expect(told.finishes).toMatchObject([{ reason: 'stop' }]);
});
