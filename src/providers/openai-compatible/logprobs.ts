/** Log probabilities in the one shape that clients check: a `content` list of tokens, or none. */
import { isJsonObject, type JsonObject } from '../../json.ts';

/** Undefined: there are none, or in no shape that can be understood. */
export function canonicalLogprobs(value: unknown): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const content = value['content'];
  if (content === null) return value;
  if (Array.isArray(content))
    return { ...value, content: content.flatMap((token) => wholeToken(token) ?? []) };
  return fromLegacy(value);
}

/** Official clients refuse a token without `bytes` or `top_logprobs`. */
function wholeToken(token: unknown): JsonObject | null {
  if (!isJsonObject(token) || typeof token['token'] !== 'string' || typeof token['logprob'] !== 'number') {
    return null;
  }
  const top = Array.isArray(token['top_logprobs']) ? token['top_logprobs'] : [];
  return {
    ...token,
    bytes: Array.isArray(token['bytes']) ? token['bytes'] : null,
    top_logprobs: top.flatMap((entry) =>
      isJsonObject(entry) && typeof entry['token'] === 'string' && typeof entry['logprob'] === 'number'
        ? { ...entry, bytes: Array.isArray(entry['bytes']) ? entry['bytes'] : null }
        : [],
    ),
  };
}

/** The lists of the legacy text completions: `tokens`, `token_logprobs` and a map of alternatives for each token. */
function fromLegacy(value: JsonObject): JsonObject | undefined {
  const { tokens, token_logprobs: logprobs, top_logprobs: alternatives } = value;
  if (!Array.isArray(tokens) || !Array.isArray(logprobs)) return undefined;
  const content = tokens.flatMap((token: unknown, at) => {
    const logprob: unknown = logprobs[at];
    if (typeof token !== 'string' || typeof logprob !== 'number') return [];
    const others: unknown = Array.isArray(alternatives) ? alternatives[at] : null;
    const top = isJsonObject(others)
      ? Object.entries(others).flatMap(([other, chance]) =>
          typeof chance === 'number' ? [{ token: other, logprob: chance, bytes: null }] : [],
        )
      : [];
    return [{ token, logprob, bytes: null, top_logprobs: top }];
  });
  return { content, refusal: null };
}
