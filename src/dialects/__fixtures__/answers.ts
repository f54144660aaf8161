/** What the tests of the dialects have in common: a head, a bill with something in every bucket, and what frames hold. */
import { expect } from 'bun:test';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { JsonObject } from '../../json.ts';
import type { Bill, BillableUsage } from '../../pricing/cost.ts';
import type { AnswerHead } from '../dialect.ts';

/** A model's name that has to be escaped. */
export const HEAD: AnswerHead = {
  id: 'gen-1',
  created: 1_790_000_000,
  model: 'acme/"small"',
  provider: 'Acme',
  excludesReasoning: false,  remembered: null,
};

const USAGE: BillableUsage = {
  inputTokens: 100,
  cacheReadTokens: 20,
  cacheWriteTokens: 3,
  cacheWrite1hTokens: 4,
  inputAudioTokens: 5,
  outputTokens: 40,
  reasoningTokens: 50,
  outputAudioTokens: 6,
  outputImageTokens: 7,
  searches: 2,
  imageCount: 1,
};

export const BILL: Bill = {
  usage: USAGE,
  cost: {
    totalNanoUsd: 1_234_568n,
    promptPicoUsd: 234_567_500n,
    completionPicoUsd: 1_000_000_000n,
    cacheDiscountPicoUsd: 0n,
  },
};

/** What an answer says of itself, where a test asks for nothing else. */
export const FACTS = {
  writtenBytes: 2,
  finishReason: 'stop',
  nativeFinishReason: 'end_turn',
  usage: null,
  upstreamId: 'up-1',
  serviceTier: null,
  systemFingerprint: null,
} as const satisfies Partial<ChatAnswer>;

/** What is in each frame, and the word that ends a stream as it is. */
export function framesOf(text: string): (JsonObject | '[DONE]')[] {
  if (text === '') return [];
  expect(text).toEndWith('\n\n');
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((frame) => {
      expect(frame).toStartWith('data: ');
      const data = frame.slice('data: '.length);
      return data === '[DONE]' ? data : JSON.parse(data);
    });
}
