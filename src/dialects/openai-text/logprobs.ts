/** Log probabilities of the chat dialect in the shape of the legacy one: lists side by side. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

/** `logprobs` is `{content: [{token, logprob, top_logprobs}]}`. */
export function legacyLogprobs(logprobs: JsonObject): JsonObject {
  const tokens = listOf(logprobs['content']);
  let offset = 0;
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
