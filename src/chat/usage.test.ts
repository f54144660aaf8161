import { expect, test } from 'bun:test';
import { laterUsage, NO_USAGE } from './usage.ts';

test('a later count takes the place of an earlier one, unless it counts nothing at all', () => {
  const first = { ...NO_USAGE, inputTokens: 5, outputTokens: 1 };
  for (const later of [
    { ...NO_USAGE, inputTokens: 5, outputTokens: 5 },
    { ...NO_USAGE, outputTokens: 1 },
    { ...NO_USAGE, cacheReadTokens: 1 },
  ]) {
    expect(laterUsage(first, later)).toBe(later);
  }
  expect(laterUsage(first, NO_USAGE)).toBe(first);
  expect(laterUsage(null, NO_USAGE)).toBe(NO_USAGE);
  expect(laterUsage(null, first)).toBe(first);
});
