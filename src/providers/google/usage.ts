/**
 * Google's `usageMetadata` in buckets that do not overlap: `promptTokenCount` holds what a cache served but not what its own tools gave
 * the model to read, and `candidatesTokenCount` holds no thoughts.
 */
import type { TokenUsage } from '../../chat/usage.ts';
import { NO_USAGE } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { tokenCount } from '../token-count.ts';

/** Null when there is no usage, or when its counts cannot be counts: then ours are used. `searches`: that Google made. */
export function convertUsage(value: unknown, searches = 0): TokenUsage | null {
  if (!isJsonObject(value)) return null;
  const prompt = tokenCount(value['promptTokenCount']);
  if (prompt === null) return null;
  const total = tokenCount(value['totalTokenCount']);
  const thoughts = tokenCount(value['thoughtsTokenCount']) ?? 0;
  const toolUse = tokenCount(value['toolUsePromptTokenCount']) ?? 0;
  const candidates =
    tokenCount(value['candidatesTokenCount']) ?? Math.max(0, (total ?? 0) - prompt - toolUse - thoughts);
  const cached = Math.min(prompt, tokenCount(value['cachedContentTokenCount']) ?? 0);
  const audioOf = (name: string) => modality(value, name, 'AUDIO');
  const audio = Math.min(
    prompt - cached,
    // Of embeddings it is spelt otherwise.
    Math.max(
      0,
      (audioOf('promptTokensDetails') || audioOf('promptTokenDetails')) - audioOf('cacheTokensDetails'),
    ),
  );
  const image = Math.min(candidates, modality(value, 'candidatesTokensDetails', 'IMAGE'));
  const speech = Math.min(candidates - image, audioOf('candidatesTokensDetails'));
  return {
    ...NO_USAGE,
    inputTokens: prompt - cached - audio + toolUse,
    cacheReadTokens: cached,
    inputAudioTokens: audio,
    outputTokens: candidates - image - speech,
    reasoningTokens: thoughts,
    outputImageTokens: image,
    outputAudioTokens: speech,
    searches,
  };
}

/** Queries that Google says it ran for this candidate. */
export function searchesOf(candidate: JsonObject): number {
  const grounding = candidate['groundingMetadata'];
  const queries = isJsonObject(grounding) ? grounding['webSearchQueries'] : null;
  return Array.isArray(queries)
    ? queries.filter((query) => typeof query === 'string' && query !== '').length
    : 0;
}

function modality(usage: JsonObject, name: string, wanted: string): number {
  const details = usage[name];
  if (!Array.isArray(details)) return 0;
  let sum = 0;
  for (const detail of details) {
    if (isJsonObject(detail) && detail['modality'] === wanted) sum += tokenCount(detail['tokenCount']) ?? 0;
  }
  return sum;
}
