import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  centsFromNanoUsd,
  formatPriceUsd,
  MAX_NANO_USD,
  nanoUsdFromCents,
  nanoUsdFromNumber,
  nanoUsdFromPico,
  parseAmountUsd,
  parsePriceUsd,
  upToWholeCents,
  usdFromNanoUsd,
  wholePercentOf,
} from './money.ts';

test('every price reads back as it was written, without exponent or trailing zeros', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 20n), (price) => {
      const text = formatPriceUsd(price);
      expect(text).toMatch(/^(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
      expect(parsePriceUsd(text)).toBe(price);
    }),
  );
  expect([0n, 1n, 150_000n, 10n ** 12n, 25n * 10n ** 11n].map(formatPriceUsd)).toEqual([
    '0',
    '0.000000000001',
    '0.00000015',
    '1',
    '2.5',
  ]);
});

test('a price may have zeros, an exponent and twelve decimals, and nothing finer, signed or spaced', () => {
  expect(parsePriceUsd('0.0000006')).toBe(600_000n);
  expect(parsePriceUsd('1.5e-7')).toBe(150_000n);
  expect(parsePriceUsd('2E+1')).toBe(20n * 10n ** 12n);
  expect(parsePriceUsd('0.1000000000000')).toBe(10n ** 11n);
  const refused = [
    '',
    ' 1',
    '1 ',
    '-1',
    '+1',
    '.5',
    '1.',
    '1,5',
    '0x1',
    'NaN',
    'Infinity',
    '1e',
    '1e-13',
    '1e9999',
  ];
  for (const text of [...refused, '0.0000000000001', '１', '9'.repeat(101)])
    expect([text, parsePriceUsd(text)]).toEqual([text, null]);
});

test('an amount as a JSON number is taken to the nearest nano-USD', () => {
  const cases: [number, bigint][] = [
    [0, 0n],
    [-0, 0n],
    [5e-324, 0n],
    [0.1 + 0.2, 300_000_000n],
    [1e-9, 1n],
    [4.9e-10, 0n],
    [5e-10, 1n],
    [0.123456789, 123_456_789n],
    [0.1234567891, 123_456_789n],
    [0.1234567895, 123_456_790n],
    [4e9, MAX_NANO_USD],
  ];
  for (const [usd, nano] of cases) expect([usd, nanoUsdFromNumber(usd)]).toEqual([usd, nano]);
  for (const usd of [1e15, 4e9 + 1, 1e300, -1, -5e-324, Number.NaN, Infinity, -Infinity]) {
    expect([usd, nanoUsdFromNumber(usd)]).toEqual([usd, null]);
  }
});

test('what is shown as a number reads back as the same amount, up to four million USD', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 4_000_000_000_000_000n), (amount) => {
      expect(nanoUsdFromNumber(usdFromNanoUsd(amount))).toBe(amount);
    }),
  );
});

test('an amount as text is exact to nine decimals, however large, and nothing finer', () => {
  expect(parseAmountUsd('12345678.123456789')).toBe(12_345_678_123_456_789n);
  expect(parseAmountUsd('3999999999.999999999')).toBe(MAX_NANO_USD - 1n);
  for (const text of ['4000000001', '0.0000000001', '-1', '1e400', 'x', '']) {
    expect([text, parseAmountUsd(text)]).toEqual([text, null]);
  }
});

test('a sum of prices is rounded up to the nano-USD', () => {
  expect([0n, 1n, 999n, 1000n, 1001n].map(nanoUsdFromPico)).toEqual([0n, 1n, 1n, 1n, 2n]);
});

test('cents are whole both ways, what is less is rounded up for whoever must pay it, and percents are rounded down', () => {
  expect(nanoUsdFromCents(2110)).toBe(21_100_000_000n);
  expect(centsFromNanoUsd(21_100_000_000n)).toBe(2110);
  expect(() => centsFromNanoUsd(1n)).toThrow(RangeError);
  expect([upToWholeCents(0n), upToWholeCents(1n), upToWholeCents(10_000_000n)]).toEqual([
    ...[0n, 10_000_000n, 10_000_000n],
  ]);
  expect([wholePercentOf(799n, 1000n), wholePercentOf(800n, 1000n), wholePercentOf(-1n, 1000n)]).toEqual([
    ...[79, 80, 0],
  ]);
});
