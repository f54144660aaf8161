/** Token counts out of OpenAI's `usage`. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { TokenUsage } from '../provider.ts';

/** More tokens than any model takes; a larger count is an error of the provider's, not a number to bill. */
const MAX_TOKENS = 1_000_000_000;

/** Null when there is no usage, or when its counts cannot be counts (negative, fractional, absurd): then ours are used. */
export function convertUsage(value: unknown): TokenUsage | null {
  if (!isJsonObject(value)) return null;
  const promptTokens = count(value['prompt_tokens']);
  const reported = count(value['completion_tokens']);
  if (promptTokens === null || reported === null) return null;
  const prompt = detail(value, 'prompt_tokens_details');
  const completion = detail(value, 'completion_tokens_details');
  const reasoningTokens = count(completion['reasoning_tokens']) ?? 0;
  // Some count reasoning beside the completion, not in it; the total tells.
  const total = count(value['total_tokens']);
  const isBeside = reasoningTokens > 0 && total === promptTokens + reported + reasoningTokens;
  const completionTokens = isBeside ? reported + reasoningTokens : reported;
  const cachedTokens = Math.min(
    count(prompt['cached_tokens']) ?? count(value['prompt_cache_hit_tokens']) ?? 0,
    promptTokens,
  );
  return {
    promptTokens,
    completionTokens,
    reasoningTokens: Math.min(reasoningTokens, completionTokens),
    cachedTokens,
    cacheWriteTokens: Math.min(count(prompt['cache_write_tokens']) ?? 0, promptTokens - cachedTokens),
    audioTokens: Math.min(count(prompt['audio_tokens']) ?? 0, promptTokens),
    audioOutputTokens: Math.min(count(completion['audio_tokens']) ?? 0, completionTokens),
    imageOutputTokens: Math.min(count(completion['image_tokens']) ?? 0, completionTokens),
  };
}

function detail(usage: JsonObject, name: string): JsonObject {
  const value = usage[name];
  return isJsonObject(value) ? value : {};
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TOKENS
    ? value
    : null;
}
