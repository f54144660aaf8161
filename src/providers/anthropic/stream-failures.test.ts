/** What else than an event of the format may stand in a stream: errors in other shapes, signs of life, nonsense and what is cut off. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { type CallOptions, playedAnthropic, RESET } from '../__fixtures__/upstream.ts';

const NATIVE: CallOptions = { dialect: 'anthropic-messages' };
const START =
  '{"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"input_tokens":7,"output_tokens":3}}}';
const HELLO = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}';
const END = '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}';
const STOP = '{"type":"message_stop"}';
const OVERLOADED = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';

/** Without names: proxies leave them out. */
const lines = (...data: readonly string[]) => data.map((each) => `data: ${each}\n\n`).join('');
const played = (body: string, failure?: typeof RESET) =>
  playedAnthropic({ body, ...(failure && { failure }) }, NATIVE);
const types = (chunks: readonly JsonObject[]) => chunks.map(({ type }) => type);

describe('errors', () => {
  test.each([
    ['without its name', lines(OVERLOADED), 529],
    [
      'that its name alone makes one',
      'event: error\ndata: {"type":"overloaded_error","message":"Overloaded"}\n\n',
      529,
    ],
    ['that is a text', 'event: error\ndata: "Overloaded"\n\n', 502],
    ['that is no JSON', 'event: error\ndata: upstream connect error\n\n', 502],
    ['of another vendor', lines('{"error":{"message":"Slow down","code":429}}'), 429],
    ['that nothing ends', `event: error\ndata: ${OVERLOADED}`, 529],
  ])('one %s is the status that it means', (_, event, status) => {
    const { error, ended, chunks } = played(lines(START) + event);
    expect(ended).toBe(0);
    expect(error).toMatchObject({ failure: 'status', status });
    expect(types(chunks)).toEqual(['message_start']);
  });

  test('nothing is read behind one', () => {
    const { error, chunks } = played(lines(START, OVERLOADED, HELLO, 'nonsense', END, STOP));
    expect(error).toMatchObject({ failure: 'status', status: 529 });
    expect(types(chunks)).toEqual(['message_start']);
  });

  test('the first one counts, also where an event follows that is too large', () => {
    const large = `data: ${'x'.repeat(16 * 1024 * 1024 + 1)}`;
    expect(played(lines(START, OVERLOADED) + large).error).toMatchObject({ status: 529 });
    const { error } = played(lines(START, HELLO) + large);
    expect(error).toMatchObject({ failure: 'garbage', message: 'Provider sent an event that is too large' });
  });
});

describe('what is not an event', () => {
  test.each(['{"choices":[]}', '[1]', '7', 'Internal Server Error', 'keepalive failed', 'xping'])(
    'nonsense is told as such: %p',
    (data) => {
      const { error, chunks } = played(lines(START, data, HELLO, END, STOP));
      expect(error).toMatchObject({
        failure: 'garbage',
        message: 'Provider sent an event that is not understood',
        detail: data,
      });
      expect(types(chunks)).toEqual(['message_start']);
    },
  );

  test.each(['{"choices":[]}', 'Internal Server Error', OVERLOADED])(
    'behind the reason it changes nothing: %p',
    (data) => {
      const told = played(lines(START, HELLO, END, data, STOP));
      expect([told.ended, told.error]).toEqual([1, null]);
    },
  );
});

describe('the end', () => {
  test('behind the last event nothing is told', () => {
    const told = played(lines(START, HELLO, END, STOP, HELLO, OVERLOADED, STOP));
    expect([told.ended, told.error]).toEqual([1, null]);
    expect(types(told.chunks)).toEqual([
      'message_start',
      'content_block_delta',
      'message_delta',
      'message_stop',
    ]);
  });

  test.each([[STOP], ['[DONE]'], ['']])('%p alone is an empty answer, of which nothing is told', (data) => {
    const told = played(lines(data));
    expect(told.error).toMatchObject({ failure: 'garbage', message: 'Provider returned an empty answer' });
    expect(told.events).toEqual([]);
    const isEnd = data !== '';
    expect(playedAnthropic({ body: lines(data), failure: null }, NATIVE).error !== null).toBe(isEnd);
  });

  test('half an event at the cut is the cut’s fault, and no last event is made up for it', () => {
    const body = `${lines(START, HELLO)}data: ${HELLO.slice(0, 30)}`;
    const { error, chunks } = played(body);
    expect(error).toMatchObject({
      failure: 'unreachable',
      message: 'Provider closed the stream before it was finished',
    });
    expect(types(chunks)).toEqual(['message_start', 'content_block_delta']);
    expect(played(body, RESET).error).toMatchObject({
      failure: 'unreachable',
      message: 'Provider could not be reached or closed the connection',
    });
  });
});
