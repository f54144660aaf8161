import { expect, test } from 'bun:test';
import { cachedTokensOf, completionTokensOf, laterUsage, NO_USAGE, promptTokensOf } from './usage.ts';

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

test('each bucket counts once, in the sum that it belongs to', () => {
  const prompt = {
    ...{ inputTokens: 1, cacheReadTokens: 20, cacheWriteTokens: 300, cacheWrite1hTokens: 4000 },
    inputAudioTokens: 50_000,
  };
  const answer = {
    ...{ outputTokens: 6, reasoningTokens: 70, outputAudioTokens: 800, outputImageTokens: 9000 },
    searches: 100_000,
  };
  const usage = { ...prompt, ...answer };
  expect([promptTokensOf(usage), completionTokensOf(usage), cachedTokensOf(usage)]).toEqual([
    54_321, 9876, 4320,
  ]);
});
