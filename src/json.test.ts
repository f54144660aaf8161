import { expect, test } from 'bun:test';
import { parseExact } from './json.ts';

const again = (text: string) => JSON.stringify(parseExact(text));

test('an integer that no double holds is written as it was read, wherever it stands below the top', () => {
  for (const text of [
    '{"a":{"id":12345678901234567890}}',
    '{"a":[9223372036854775807,-9223372036854775808]}',
    '{"a":{"b":[{"c":9007199254740993}]},"d":"12345678901234567890"}',
    '[18446744073709551615]',
  ]) {
    expect(again(text)).toBe(text);
  }
});

test('what a double holds is a number, and what it rounds without harm too', () => {
  expect(parseExact('{"a":{"b":9007199254740991,"c":1234567890123456,"d":0.12345678901234567890}}')).toEqual({
    a: { b: 9007199254740991, c: 1234567890123456, d: 0.12345678901234568 },
  });
  expect(parseExact('{"a":[1e300]}')).toEqual({ a: [1e300] });
});

test('members of the top level are numbers, for the gateway reads them', () => {
  expect(parseExact('{"seed":12345678901234567890,"n":1}')).toEqual({ seed: 12345678901234567000, n: 1 });
});

test('what is not JSON is refused as ever', () => {
  for (const text of ['', '{', '{"a":1234567890123456789', '[012345678901234567890]'])
    expect(() => parseExact(text)).toThrow(SyntaxError);
});
