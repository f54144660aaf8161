import { expect, test } from 'bun:test';
import { finishReasonOf } from './stop-reason.ts';

test.each([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
  ['MODEL_ARMOR', 'content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'error'],
  ['OTHER', 'error'],
  ['toString', 'error'],
] as const)('%s is told as %s', (native, reason) => {
  expect(finishReasonOf(native, false)).toBe(reason);
  // A call does not make a failure, or an answer that was cut, a good one.
  expect(finishReasonOf(native, true)).toBe(reason === 'stop' ? 'tool_calls' : reason);
});

test('an answer without a word has not ended', () => {
  for (const native of [undefined, null, '', 'FINISH_REASON_UNSPECIFIED', 1])
    expect(finishReasonOf(native, true)).toBeNull();
});
