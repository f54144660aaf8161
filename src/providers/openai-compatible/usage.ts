/** Token counts out of the `usage` of OpenAI's dialect, as its vendors write it, in buckets that do not overlap. */
import type { TokenUsage } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

/** More tokens than any model takes; a larger count is an error of the provider's, not a number to bill. */
const MAX_TOKENS = 1_000_000_000;

/** Where vendors put it: beside the choices, inside the first one (Moonshot), or in a member of their own (Groq). */
export function usageOf(event: JsonObject): TokenUsage | null {
  const own = convertUsage(event['usage']);
  if (own !== null) return own;
  const groq = event['x_groq'];
  const [choice] = Array.isArray(event['choices']) ? event['choices'] : [];
  return convertUsage(choice?.usage) ?? (isJsonObject(groq) ? convertUsage(groq['usage']) : null);
}

/** Null when there is no usage, or when its counts cannot be counts (negative, fractional, absurd): then ours are used. */
export function convertUsage(value: unknown): TokenUsage | null {
  if (!isJsonObject(value)) return null;
  const prompt = count(value['prompt_tokens']) ?? count(value['input_tokens']);
  const reported = count(value['completion_tokens']) ?? count(value['output_tokens']);
  if (prompt === null || reported === null) return null;
  const input = promptBuckets(value, prompt);
  const output = completionBuckets(value, prompt, reported);
  return { ...input, ...output, searches: searchesOf(value) };
}

function promptBuckets(usage: JsonObject, prompt: number) {
  const details = detail(usage, 'prompt_tokens_details', 'input_tokens_details');
  const creation = detail(details, 'cache_creation');
  const cacheReadTokens = Math.min(
    first(
      details['cached_tokens'],
      usage['prompt_cache_hit_tokens'],
      usage['cached_tokens'],
      usage['cache_read_input_tokens'],
    ),
    prompt,
  );
  let left = prompt - cacheReadTokens;
  const hour = Math.min(first(creation['ephemeral_1h_input_tokens']), left);
  left -= hour;
  const written = first(
    creation['ephemeral_5m_input_tokens'],
    details['cache_write_tokens'],
    details['cache_creation_tokens'],
    usage['cache_creation_input_tokens'],
  );
  // Where both are told, the sum of what was written holds the hour's part too.
  const isSum = creation['ephemeral_5m_input_tokens'] === undefined && hour > 0;
  const cacheWriteTokens = Math.min(Math.max(0, isSum ? written - hour : written), left);
  left -= cacheWriteTokens;
  const inputAudioTokens = Math.min(first(details['audio_tokens']), left);
  return {
    inputTokens: left - inputAudioTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: hour,
    inputAudioTokens,
  };
}

function completionBuckets(usage: JsonObject, prompt: number, reported: number) {
  const details = detail(usage, 'completion_tokens_details', 'output_tokens_details');
  const reasoning = first(details['reasoning_tokens'], usage['reasoning_tokens']);
  // Some count reasoning beside the completion, not in it; the total tells.
  const isBeside = reasoning > 0 && count(usage['total_tokens']) === prompt + reported + reasoning;
  const all = isBeside ? reported + reasoning : reported;
  const reasoningTokens = Math.min(reasoning, all);
  let left = all - reasoningTokens;
  const outputAudioTokens = Math.min(first(details['audio_tokens']), left);
  left -= outputAudioTokens;
  const outputImageTokens = Math.min(first(details['image_tokens']), left);
  return {
    outputTokens: left - outputImageTokens,
    reasoningTokens,
    outputAudioTokens,
    outputImageTokens,
  };
}

/** Perplexity and xAI count their searches; OpenRouter and others put the number among the tools that were used. */
function searchesOf(usage: JsonObject): number {
  const tools = detail(usage, 'server_tool_use', 'server_tool_use_details');
  return first(usage['num_search_queries'], usage['num_sources_used'], tools['web_search_requests']);
}

function detail(usage: JsonObject, ...names: readonly string[]): JsonObject {
  for (const name of names) {
    const value = usage[name];
    if (isJsonObject(value)) return value;
  }
  return {};
}

/** The first that is a count; 0 when none is. */
function first(...values: readonly unknown[]): number {
  for (const value of values) {
    const found = count(value);
    if (found !== null) return found;
  }
  return 0;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TOKENS
    ? value
    : null;
}
