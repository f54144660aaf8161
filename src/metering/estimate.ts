/** What a request used, from what its provider reported and what passed through us: a count that cannot be true is not believed. */
import { completionTokensOf, NO_USAGE, promptTokensOf, type TokenUsage } from '../chat/usage.ts';
import type { BillableUsage } from '../pricing/cost.ts';

/** Roughly, of ordinary text, in UTF-8. */
const BYTES_PER_TOKEN = 4;
/** The longest token of any known vocabulary, a run of blanks: no answer has fewer tokens than this allows. */
const LONGEST_TOKEN_BYTES = 128;

/** What we saw of a request ourselves. */
export interface Seen {
  /** Size of the request's body. */
  readonly promptBytes: number;
  /** UTF-8 bytes of what the model wrote. */
  readonly writtenBytes: number;
  readonly imageCount: number;
}

export interface Counted {
  readonly usage: BillableUsage;
  /** Some count is ours: the provider reported none, or one that cannot be true. */
  readonly estimated: boolean;
}

/**
 * The usage to charge. Without a report both counts are estimated. Of a report, a prompt of no tokens is replaced, for every prompt
 * has some; and so is an answer of fewer tokens than its text can have been, or a wrong zero would pass every limit.
 */
export function countedUsage(reported: TokenUsage | null, seen: Seen): Counted {
  if (reported === null)
    return { usage: estimatedUsage(seen.promptBytes, seen.writtenBytes, seen.imageCount), estimated: true };
  const lacksPrompt = promptTokensOf(reported) === 0 && seen.promptBytes > 0;
  const lacksAnswer = completionTokensOf(reported) * LONGEST_TOKEN_BYTES < seen.writtenBytes;
  if (!lacksPrompt && !lacksAnswer)
    return { usage: { ...reported, imageCount: seen.imageCount }, estimated: false };
  const usage: BillableUsage = {
    ...reported,
    ...(lacksPrompt ? { inputTokens: tokensOf(seen.promptBytes) } : {}),
    ...(lacksAnswer ? { outputTokens: tokensOf(seen.writtenBytes) } : {}),
    imageCount: seen.imageCount,
  };
  return { usage, estimated: true };
}

export function estimatedUsage(promptBytes: number, writtenBytes: number, imageCount: number): BillableUsage {
  return {
    ...NO_USAGE,
    inputTokens: tokensOf(promptBytes),
    outputTokens: tokensOf(writtenBytes),
    imageCount,
  };
}

export function tokensOf(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
