import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { completionTokensOf, NO_USAGE, promptTokensOf, type TokenUsage } from '../chat/usage.ts';
import { countedUsage, estimatedUsage } from './estimate.ts';

const seen = (promptBytes: number, writtenBytes: number) => ({ promptBytes, writtenBytes, imageCount: 0 });
const reported = (usage: Partial<TokenUsage>): TokenUsage => ({ ...NO_USAGE, ...usage });

const counts = (usage: TokenUsage | null, promptBytes: number, writtenBytes: number) => {
  const counted = countedUsage(usage, seen(promptBytes, writtenBytes));
  return [promptTokensOf(counted.usage), completionTokensOf(counted.usage), counted.estimated];
};

test('four bytes are a token, and a begun one counts', () => {
  expect(estimatedUsage(5, 8, 3)).toEqual({ ...NO_USAGE, inputTokens: 2, outputTokens: 2, imageCount: 3 });
  expect(estimatedUsage(4, 9, 0)).toMatchObject({ inputTokens: 1, outputTokens: 3 });
  expect(estimatedUsage(0, 0, 0)).toMatchObject({ inputTokens: 0, outputTokens: 0 });
});

test('without a report everything is estimated from the bytes', () => {
  expect(counts(null, 40, 400)).toEqual([10, 100, true]);
  expect(counts(null, 0, 0)).toEqual([0, 0, true]);
});

test('zeros beside written text are replaced, and said to be ours', () => {
  expect(counts(reported({}), 40, 400)).toEqual([10, 100, true]);
  expect(counts(reported({ inputTokens: 12 }), 40, 1)).toEqual([12, 1, true]);
});

test('an answer of no text may have no tokens', () => {
  expect(counts(reported({ inputTokens: 12 }), 40, 0)).toEqual([12, 0, false]);
});

test('fewer tokens than the text can have been are replaced; as many as it may have been are believed', () => {
  // The longest token of any vocabulary is 128 bytes of blanks.
  expect(counts(reported({ inputTokens: 12, outputTokens: 3 }), 40, 384)).toEqual([12, 3, false]);
  expect(counts(reported({ inputTokens: 12, outputTokens: 3 }), 40, 385)).toEqual([12, 97, true]);
});

test('a prompt of no tokens is replaced; its own buckets count whichever they are', () => {
  expect(counts(reported({ outputTokens: 7 }), 41, 20)).toEqual([11, 7, true]);
  for (const bucket of [
    'inputTokens',
    'cacheReadTokens',
    'cacheWriteTokens',
    'cacheWrite1hTokens',
    'inputAudioTokens',
  ] as const)
    expect(counts(reported({ [bucket]: 5, outputTokens: 7 }), 4000, 20)).toEqual([5, 7, false]);
  expect(counts(reported({ outputTokens: 7 }), 0, 20)).toEqual([0, 7, false]);
});

test('tokens of thoughts, sounds and images are tokens of the answer', () => {
  for (const bucket of ['reasoningTokens', 'outputAudioTokens', 'outputImageTokens'] as const)
    expect(counts(reported({ inputTokens: 1, [bucket]: 10 }), 4, 1280)).toEqual([1, 10, false]);
});

const bucket = fc.nat(100_000);
const honest = fc.record({
  inputTokens: fc.integer({ min: 1, max: 100_000 }),
  cacheReadTokens: bucket,
  cacheWriteTokens: bucket,
  cacheWrite1hTokens: bucket,
  inputAudioTokens: bucket,
  outputTokens: bucket,
  reasoningTokens: bucket,
  outputAudioTokens: bucket,
  outputImageTokens: bucket,
  searches: fc.nat(9),
});

test('an honest report is charged as it is, bucket by bucket', () => {
  fc.assert(
    fc.property(honest, bucket, fc.double({ min: 0, max: 1, noNaN: true }), (usage, promptBytes, share) => {
      const writtenBytes = Math.floor(completionTokensOf(usage) * 128 * share);
      expect(countedUsage(usage, { promptBytes, writtenBytes, imageCount: 4 })).toEqual({
        usage: { ...usage, imageCount: 4 },
        estimated: false,
      });
    }),
  );
});

test('whatever is reported, what was written costs tokens, and no report is counted down', () => {
  const few = fc.nat(300);
  const any: fc.Arbitrary<TokenUsage> = fc.record({
    inputTokens: few,
    cacheReadTokens: few,
    cacheWriteTokens: few,
    cacheWrite1hTokens: few,
    inputAudioTokens: few,
    outputTokens: few,
    reasoningTokens: few,
    outputAudioTokens: few,
    outputImageTokens: few,
    searches: few,
  });
  fc.assert(
    fc.property(any, bucket, bucket, (usage, promptBytes, writtenBytes) => {
      const counted = countedUsage(usage, seen(promptBytes, writtenBytes)).usage;
      expect(promptTokensOf(counted)).toBeGreaterThanOrEqual(promptTokensOf(usage));
      expect(completionTokensOf(counted)).toBeGreaterThanOrEqual(completionTokensOf(usage));
      expect(completionTokensOf(counted) * 128).toBeGreaterThanOrEqual(writtenBytes);
      expect(promptTokensOf(counted) > 0 || promptBytes === 0).toBe(true);
    }),
  );
});
