import { expect, test } from 'bun:test';
import { tokenCount } from './token-count.ts';

test('a count is a whole number of at most a billion, or its digits', () => {
  for (const count of [0, 1, 1_000_000_000]) {
    expect(tokenCount(count)).toBe(count);
    expect(tokenCount(String(count))).toBe(count);
  }
  for (const other of [
    -1,
    0.5,
    1_000_000_001,
    '1000000001',
    '99999999999',
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])
    expect(tokenCount(other)).toBeNull();
  for (const other of ['', ' 1', '1.0', '-1', 'ten', null, undefined, true, {}, [1]])
    expect(tokenCount(other)).toBeNull();
});
