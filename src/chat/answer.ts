/** A whole answer in the middle. */
import type { JsonObject } from '../json.ts';
import type { FinishReason } from './event.ts';
import type { DialectName, Part } from './prompt.ts';
import { completionTokensOf, type TokenUsage } from './usage.ts';

export interface AnswerChoice {
  readonly index: number;
  readonly parts: readonly Part[];
  readonly finishReason: FinishReason | null;
  readonly nativeFinishReason: string | null;
  readonly logprobs: JsonObject | null;
}

/** What money, limits and records read of an answer, whatever its form. */
export interface AnswerFacts {
  /** UTF-8 bytes of what the model wrote: text, reasoning, names and arguments of calls, over all choices. */
  readonly writtenBytes: number;
  /** Of the first choice. */
  readonly finishReason: FinishReason | null;
  readonly nativeFinishReason: string | null;
  /** Null: the provider reported none. */
  readonly usage: TokenUsage | null;
  readonly upstreamId: string | null;
  readonly serviceTier: string | null;
  readonly systemFingerprint: string | null;
}

/** `native`: the provider's body in the dialect of the caller, sent on but for its head and its usage. */
export type ChatAnswer = AnswerFacts &
  (
    | { readonly form: 'native'; readonly dialect: DialectName; readonly body: JsonObject }
    | { readonly form: 'typed'; readonly choices: readonly AnswerChoice[] }
  );

/**
 * Whether an answer without a word is none at all: it does not say why it ended, or calls itself done with no token counted. Another reason
 * (a filter, the cap) is the answer. Several vendors end so when they are overloaded.
 */
export function isNoAnswer(reason: FinishReason | null, usage: TokenUsage | null): boolean {
  if (reason === null) return true;
  return reason === 'stop' && usage !== null && completionTokensOf(usage) === 0;
}
