import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { SseDecoder, type SseSink } from './sse-decoder.ts';

const encoder = new TextEncoder();

/** The data of the events that a call to the decoder tells of. */
function dataOf(tell: (sink: SseSink) => void): string[] {
  const events: string[] = [];
  tell({ onEvent: (data) => events.push(data) });
  return events;
}

const ignored: SseSink = { onEvent: () => {} };

function decode(text: string, cuts: readonly number[] = []): string[] {
  const bytes = encoder.encode(text);
  const decoder = new SseDecoder();
  const edges = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  return edges.flatMap((to) => {
    const part = bytes.subarray(from, to);
    from = Math.max(from, to);
    return dataOf((sink) => decoder.push(part, sink));
  });
}

describe('SseDecoder', () => {
  test('an event is given out with its blank line, not before', () => {
    const decoder = new SseDecoder();
    expect(dataOf((sink) => decoder.push(encoder.encode('data: a\n'), sink))).toEqual([]);
    expect(dataOf((sink) => decoder.push(encoder.encode('\n'), sink))).toEqual(['a']);
  });

  test('several data lines are one event; comments and other fields are none', () => {
    expect(decode(': hi\n\nevent: x\nid: 3\ndata: a\ndata:b\ndata:  c\n\nretry: 5\n\n')).toEqual([
      'a\nb\n c',
    ]);
  });

  test('a byte-order mark at the beginning is dropped, in pieces too', () => {
    for (const cuts of [[], [1], [2], [1, 2]]) expect(decode('\ufeffdata: a\n\n', cuts)).toEqual(['a']);
  });

  test('a text is the same wherever it is cut: in a character, before a byte-order mark, before what looks like a field', () => {
    const data = 'see data: x — \ufeff… \ufeffé';
    const text = `data: ${data}\n\n`;
    for (let first = 0; first < encoder.encode(text).length; first += 1) {
      for (let second = first; second < encoder.encode(text).length; second += 1) {
        expect(decode(text, [first, second])).toEqual([data]);
      }
    }
  });

  test('a CR and its LF end one line wherever they are cut, and a name stays with its event alone', () => {
    const bytes = encoder.encode('event:error\r\ndata:a\r\ndata: b\r\n\r\ndata: c\r\n\r\n');
    for (let cut = 0; cut < bytes.length; cut += 1) {
      const events: string[][] = [];
      const sink = { onEvent: (data: string, name: string) => void events.push([data, name]) };
      const decoder = new SseDecoder();
      decoder.push(bytes.subarray(0, cut), sink);
      decoder.push(bytes.subarray(cut), sink);
      expect(events).toEqual([
        ['a\nb', 'error'],
        ['c', ''],
      ]);
    }
  });

  test('wherever the bytes are cut and whatever ends the lines, the events are the same', () => {
    const event = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(), { maxLength: 8 }),
        (events, lineEnd, cuts) => {
          const text = events.map((data) => `: c${lineEnd}data: ${data}${lineEnd}${lineEnd}`).join('');
          expect(decode(text, cuts)).toEqual(events);
        },
      ),
    );
  });

  test('at the end of the bytes an event needs no line end, and is told once', () => {
    for (const text of ['data: a', 'data: a\n', 'data: a\r', 'data: a\n\n']) {
      const decoder = new SseDecoder();
      const events = dataOf((sink) => {
        decoder.push(encoder.encode(text), sink);
        decoder.end(sink);
        decoder.end(sink);
      });
      expect(events).toEqual(['a']);
    }
  });

  test('an event has its name, and the next one has none', () => {
    const names: string[] = [];
    new SseDecoder().push(encoder.encode('event: error\ndata: a\n\ndata: b\n\n'), {
      onEvent: (data, name) => names.push(`${name}:${data}`),
    });
    expect(names).toEqual(['error:a', ':b']);
  });

  test('a field `error` is an event of that name, and names no other', () => {
    const events: string[][] = [];
    const sink = { onEvent: (data: string, name: string) => void events.push([data, name]) };
    const decoder = new SseDecoder();
    decoder.push(encoder.encode('error: {"code":500}\n\nerror:gone\n\ndata: a\n\nerror: cut'), sink);
    decoder.end(sink);
    expect(events).toEqual([
      ['{"code":500}', 'error'],
      ['gone', 'error'],
      ['a', ''],
      ['cut', 'error'],
    ]);
  });

  test('JSON on a line of its own is an event, though no field is named', () => {
    expect(decode('data: a\n\n{"error":1}\n[2]\nnonsense\n')).toEqual(['a', '{"error":1}', '[2]']);
  });

  test('an event of 15 MB is whole, in one read or in many', () => {
    const data = 'x'.repeat(15_000_000);
    expect(decode(`data: ${data}\n\n`)).toEqual([data]);
    expect(decode(`data: ${data}\n\n`, [1_000_000, 7_000_000])[0]?.length).toBe(data.length);
  });

  test('a line or an event that never ends is refused', () => {
    const flood = (line: string) => {
      const decoder = new SseDecoder();
      const bytes = encoder.encode(line);
      for (let n = 0; n < 20; n += 1) decoder.push(bytes, ignored);
    };
    expect(() => flood('x'.repeat(1_000_000))).toThrow(RangeError);
    expect(() => flood(`data: ${'x'.repeat(1_000_000)}\n`)).toThrow(RangeError);
  });

  test('comments without an end of event do not add up to one', () => {
    const decoder = new SseDecoder();
    const comment = encoder.encode(`: ${'x'.repeat(1_000_000)}`);
    for (let n = 0; n < 40; n += 1) {
      decoder.push(comment, ignored);
      decoder.push(encoder.encode('\n'), ignored);
    }
    expect(dataOf((sink) => decoder.push(encoder.encode('data: a\n\n'), sink))).toEqual(['a']);
  });
});
