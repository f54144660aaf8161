/** Log probabilities of the chat dialect in the shape of the legacy one: lists side by side. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

/**
 * `logprobs` is `{content: [{token, logprob, top_logprobs}]}`. `startOffset`: how much of the text, in UTF-16 units, came before these
 * tokens, for the offsets of a stream count on from chunk to chunk.
 */
export function legacyLogprobs(logprobs: JsonObject, startOffset = 0): JsonObject {
  const tokens = listOf(logprobs['content']);
  let offset = startOffset;
  return {
    tokens: tokens.map(tokenText),
    token_logprobs: tokens.map(({ logprob }) => (typeof logprob === 'number' ? logprob : null)),
    top_logprobs: tokens.map(alternatives),
    text_offset: tokens.map((token) => {
      const at = offset;
      offset += tokenText(token).length;
      return at;
    }),
  };
}

/** How much text these tokens are, in UTF-16 units. */
export function lengthOf(logprobs: JsonObject): number {
  return listOf(logprobs['content']).reduce((length, token) => length + tokenText(token).length, 0);
}

function alternatives(token: JsonObject): JsonObject | null {
  const top = listOf(token['top_logprobs']);
  if (top.length === 0) return null;
  return Object.fromEntries(top.map((other) => [tokenText(other), other['logprob'] ?? null]));
}

function tokenText(token: JsonObject): string {
  return textOrNull(token['token']) ?? '';
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
