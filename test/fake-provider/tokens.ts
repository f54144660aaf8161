// What the fake provider bills: simple enough that a test can work out every figure by hand.
import { asArray, asObject, asString } from './json.ts';

export const TOKENS_PER_MESSAGE = 3;
export const TOKENS_PER_IMAGE = 85;
export const BYTES_PER_TOKEN = 4;

/** ceil(UTF-8 bytes / 4). */
export function textTokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** A message's text: its string content, or its text parts joined by a newline. */
export function messageTextOf(message: unknown): string {
  const { content } = asObject(message);
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asString(asObject(part).text))
    .filter((text) => text !== undefined)
    .join('\n');
}

function imageCountOf(message: unknown): number {
  const parts = asArray(asObject(message).content);
  return parts.filter((part) => asObject(part).type === 'image_url').length;
}

/** Each message costs the tokens of its text, 3 more, and 85 an image. Tools and names are free. */
export function promptTokensOf(messages: readonly unknown[]): number {
  let tokens = 0;
  for (const message of messages) {
    tokens += textTokensOf(messageTextOf(message)) + TOKENS_PER_MESSAGE;
    tokens += imageCountOf(message) * TOKENS_PER_IMAGE;
  }
  return tokens;
}

/** A word with the white space before it is one completion token; white space at the end is dropped. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+/gu) ?? [];
}

/** The completion tokens of an echoed text. */
export function completionTokensOf(text: string): number {
  return wordsOf(text).length;
}

export interface TrueUsage {
  readonly promptTokens: number;
  /** Includes the reasoning tokens, as at OpenAI. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** Part of the prompt tokens. */
  readonly cachedTokens: number;
}

/** The same figures in the shape that OpenAI sends. */
export function openAiUsageOf(usage: TrueUsage): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
