import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Vector } from './vector.ts';

/** Little-endian, whatever the machine is. */
function base64Of(...numbers: number[]): string {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [at, number] of numbers.entries()) bytes.writeFloatLE(number, at * 4);
  return bytes.toString('base64');
}

describe('a vector', () => {
  test('is written the way it came where its reader wants that, to the letter', () => {
    const numbers = [0.1, -2, 3e-9];
    expect(Vector.from(numbers)?.in('float')).toBe(numbers);
    const text = base64Of(0.5, -1);
    expect(Vector.from(text)?.in('base64')).toBe(text);
  });

  test('is written the other way as little-endian 32-bit floats', () => {
    expect(Vector.from([1, -2.5])?.in('base64')).toBe('AACAPwAAIMA=');
    expect(Vector.from('AACAPwAAIMA=')?.in('float')).toEqual([1, -2.5]);
  });

  test('keeps every 32-bit float on the way there and back', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(float, { minLength: 1 }), (numbers) => {
        const text = Vector.from(numbers)?.in('base64');
        expect(Vector.from(text)?.in('float')).toEqual(numbers);
        expect(Vector.from(text)?.length).toBe(numbers.length);
      }),
    );
  });
});

describe('no vector', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty list', []],
    ['an empty text', ''],
    ['a list with null, as NaN comes in JSON', [0.1, null]],
    ['a list of texts', ['0.1']],
    ['a list of lists', [[0.1]]],
    ['an object', { 0: 1 }],
    ['a number beyond any 32-bit float', [1e300]],
    ['text that is not base64', 'not base64!!'],
    ['base64 of a broken number', Buffer.from([1, 2, 3]).toString('base64')],
    ['base64 without its padding', 'AACAPwAAIMA'],
    ['base64 of NaN', base64Of(Number.NaN, 1)],
    ['base64 of infinity', base64Of(1, Number.POSITIVE_INFINITY)],
  ])('is %s', (_, value) => {
    expect(Vector.from(value)).toBeNull();
  });
});
