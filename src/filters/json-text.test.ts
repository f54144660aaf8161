import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { jsonTokens, quoted } from './json-text.ts';
import type { Work } from './work.ts';

function drained<T>(work: Work<T>): { readonly value: T; readonly turns: number } {
  for (let turns = 1; ; turns += 1) {
    const step = work.next();
    if (step.done === true) return { value: step.value, turns };
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const ATOMS = [
  ...['{', '}', '[', ']', ':', ',', '"', '"a"', '"\\u00e9"', '"\\"', '\\', '"\\x"', '"\n"', '"\u2028"'],
  ...[
    '0',
    '-',
    '1',
    '01',
    '1.',
    '1.5',
    '-0',
    '1e5',
    '1E+',
    'true',
    'null',
    'nul',
    ' ',
    '\t',
    '\u00a0',
    '"a":',
  ],
];

test('what is JSON, and what is none, is told as by JSON.parse', () => {
  const pieces = fc.array(fc.constantFrom(...ATOMS), { maxLength: 8 }).map((parts) => parts.join(''));
  const cut = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', '}'));
  const damaged = cut.map(([json, at, sign]) => json.slice(0, at % (json.length + 1)) + sign);
  fc.assert(
    fc.property(fc.oneof(pieces, fc.json(), damaged), (text) => {
      expect(drained(jsonTokens(text)).value !== null).toBe(isJson(text));
    }),
    { numRuns: 3000 },
  );
});

test('every text and number is told with its place, names among them', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (json) => {
      for (const { start, end, text, isNumber } of drained(jsonTokens(json)).value ?? [])
        expect(isNumber ? json.slice(start, end) : JSON.parse(json.slice(start, end))).toBe(text);
    }),
  );
  const json = '{"a\\n":[-1.5e3,"b",{"c":0}]}';
  expect(drained(jsonTokens(json)).value?.map(({ text }) => text)).toEqual(['a\n', '-1.5e3', 'b', 'c', '0']);
});

test('long texts are read and written in slices, which cut no escape and no character', () => {
  for (const unit of ['\\', '"\n', '\u0007x', '😀', 'a😀', 'é\ud83d', 'plain ', '\\u0041']) {
    for (const shift of ['', 'x', 'xx', 'xxx', 'xxxx', 'xxxxx']) {
      const text = shift + unit.repeat(70_000 / unit.length);
      const json = JSON.stringify(text);
      expect(drained(quoted(text)).value).toBe(json);
      const { value, turns } = drained(jsonTokens(json));
      expect(value?.[0]?.text === text).toBe(true);
      expect(turns).toBeGreaterThan(1);
    }
  }
});

test('what has a million parts gives others their turn', () => {
  for (const unit of ['[],', '1,', '{"a":"b"},']) {
    const { value, turns } = drained(jsonTokens(`[${unit.repeat(100_000)}1]`));
    expect([value === null, turns > 90]).toEqual([false, true]);
  }
});

test('eight times as many texts take about eight times as long, whether or not there are escapes', () => {
  for (const unit of ['"a",', '"\\n",']) {
    const shortestMs = (count: number): number => {
      const json = `[${unit.repeat(count)}1]`;
      const runs = [1, 2, 3].map(() => {
        const startedAt = performance.now();
        drained(jsonTokens(json));
        return performance.now() - startedAt;
      });
      return Math.min(...runs);
    };
    expect(shortestMs(160_000)).toBeLessThan(30 * shortestMs(20_000));
  }
});
