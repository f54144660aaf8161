import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DEFAULT_JSON_BOUNDS } from '../json.ts';
import { decodeUtf8, parseJson } from './json-text.ts';

const BOUNDS = { members: 10, nodes: 10, texts: 10, values: 30, escapes: 30 };
const many = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(',');

describe('a body beyond a bound is refused by the bound’s name', () => {
  test.each([
    ['members', `{${many(11, (n) => `"m${n}":1`)}}`],
    ['members', `[${many(6, () => '{"a":1,"b":2}')}]`],
    ['objects and lists', `[${many(10, () => '[]')}]`],
    ['objects and lists', `{"a":[${many(9, () => '{}')}]}`],
    ['texts', `[${many(12, () => '"x"')}]`],
    ['texts', `{"a":[${many(12, () => '"x"')}]}`],
    ['values', `[${many(32, () => '1')}]`],
    ['values', `[${many(32, () => 'true')}]`],
    ['escaped characters', `["${'\\"'.repeat(31)}"]`],
    ['escaped characters', `{"a":"${'\\n'.repeat(20)}","b":"${`${'x'.repeat(200)}\\u0041`.repeat(11)}"}`],
  ])('%s: %s', (what, text) => {
    expect(() => parseJson(text, BOUNDS)).toThrow(`The request body has too many ${what}: at most `);
  });

  test.each([
    `{${many(10, (n) => `"m${n}":1`)}}`,
    `[${many(9, () => '[]')}]`,
    `[${many(10, () => '"a:b,[{"')}]`,
    `[${many(30, () => '1')}]`,
    `["${'\\"'.repeat(15)}",["${'\\\\'.repeat(15)}"]]`,
    '{"model":"a","messages":[{"role":"user","content":"{\\"a\\":[1,2,3,4,5,6,7,8,9,10,11,12,13]}"}]}',
  ])('what is just within passes: %s', (text) => {
    expect(parseJson(text, BOUNDS)).toEqual(JSON.parse(text));
  });
});

test('however texts are escaped, what stands behind them is seen, and each escape is counted once', () => {
  const piece = fc.oneof(
    fc.constantFrom('"', '\\', '\n', '{', '}', ',', '\\"', '"\\'),
    fc.nat(200).map((length) => 'x'.repeat(length)),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
      const body = JSON.stringify(texts);
      const escapes = texts.join('').match(/["\\\n]/g)?.length ?? 0;
      const bounds = { ...BOUNDS, escapes };
      expect(parseJson(body, bounds)).toEqual(texts);
      if (escapes > 0)
        expect(() => parseJson(body, { ...bounds, escapes: escapes - 1 })).toThrow('escaped characters');
      expect(() => parseJson(`{"a":${body},"a":1}`, bounds)).toThrow('twice');
    }),
  );
});

test('a body with more members of its own than 10,000 is refused, whatever the bounds', () => {
  const bounds = { ...BOUNDS, members: 1_000_000, values: 1_000_000 };
  const withMembers = (count: number) => `{${many(count, (n) => `"m${n}":1`)}}`;
  expect(() => parseJson(withMembers(10_001), bounds)).toThrow('too many members of its own: at most 10000');
  expect(Object.keys(parseJson(withMembers(10_000), bounds) as object)).toHaveLength(10_000);
});

test('whatever JSON a client may write within the bounds reads as JSON.parse has it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), (value) => {
      const text = JSON.stringify(value);
      // What has more digits than a double holds keeps them until it is read anew.
      expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(JSON.parse(text));
    }),
  );
});

test('bytes decode as UTF-8 whatever their number', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 20_000 }), (odd, padding) => {
      const text = `${'a'.repeat(padding)}${odd.toWellFormed()}`;
      expect(decodeUtf8(new TextEncoder().encode(text))).toBe(text.replace(/^\ufeff/, ''));
    }),
  );
  expect(() => decodeUtf8(Buffer.concat([Buffer.alloc(20_000, 'a'), Buffer.from([0xe9])]))).toThrow('UTF-8');
});

describe('a number', () => {
  const integer = (digits: number) => `1${'0'.repeat(digits - 1)}`;

  test.each([
    ['an integer of 400 digits', integer(400)],
    ['an integer of 200 digits', integer(200)],
    ['a negative one', `-${integer(200)}`],
    ['a fraction of 200 digits', `0.${integer(200)}`],
    ['one beyond a double', '1e999'],
    ['a negative one beyond a double', '-1e999'],
    ['one beyond a double, written long', `${integer(50)}e300`],
  ])('that is %s is refused wherever it stands', (_, number) => {
    for (const text of [
      `{"a":${number}}`,
      `[${number}]`,
      `{"a":[1,{"b":[${number}, 2]}]}`,
      `{"seed":\n${number}\n}`,
    ])
      expect(() => parseJson(text)).toThrow('The request body holds a number');
  });

  test.each(['0', '-0', '1e308', '-1E+3', '1e-400', '0.1234567890123456789', `"${integer(400)}"`])(
    'such as %s passes',
    (number) => {
      expect(parseJson(`{"a":[${number}]}`)).toEqual(JSON.parse(`{"a":[${number}]}`));
    },
  );
});

test('an integer with more digits than a double holds keeps them on its way to a provider', () => {
  const text =
    '{"tools":[{"maximum":9223372036854775807}],"messages":[{"input":{"id":1234567890123456789}}]}';
  expect(JSON.stringify(parseJson(text))).toBe(text);
  expect(parseJson('{"seed":1234567890123456789}')).toEqual({ seed: Number('1234567890123456789') });
});

test('the dearest body within the bounds takes a fraction of what an unbounded one does', () => {
  const dearest = `[${many(40, (n) => `{${many(999, (m) => `"m${n}_${m}":1`)}}`)}]`;
  const timeOf = (text: string) => {
    const startedAt = performance.now();
    try {
      parseJson(text);
    } catch {
      // Refused, which takes its time too.
    }
    return performance.now() - startedAt;
  };
  const beyond = `{${many(400_000, (n) => `"m${n}":1`)}}`;
  const parsedAt = performance.now();
  JSON.parse(beyond);
  const unboundedMs = performance.now() - parsedAt;
  timeOf(dearest);
  expect(timeOf(dearest)).toBeLessThan(unboundedMs / 2);
  expect(timeOf(beyond)).toBeLessThan(unboundedMs / 2);
  expect(DEFAULT_JSON_BOUNDS.members).toBeGreaterThan(39_960);
});
