/** Token counts of the AI SDK's packages, in buckets that do not overlap, as the vendor behind the package bills them. */
import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

/** More tokens than any model takes: an error of the provider's, not a number to bill. */
const MAX_TOKENS = 1_000_000_000;

/** Null: the provider counted nothing, or what cannot be a count. */
export function convertUsage({
  inputTokens,
  outputTokens,
  raw = {},
}: LanguageModelV4Usage): TokenUsage | null {
  // Cohere bills fewer tokens than it counts: its own templates are free.
  const billed = isJsonObject(raw['billed_units']) ? raw['billed_units'] : {};
  const total = count(billed['input_tokens']) ?? count(inputTokens.total);
  const output = count(billed['output_tokens']) ?? count(outputTokens.total);
  if (total === null || output === null) return null;
  const cacheReadTokens = Math.min(count(inputTokens.cacheRead) ?? 0, total);
  const written = Math.min(count(inputTokens.cacheWrite) ?? 0, total - cacheReadTokens);
  const cacheWrite1hTokens = Math.min(hourWrites(raw), written);
  const uncached = total - cacheReadTokens - written;
  const inputAudioTokens = Math.min(ofModality(raw['promptTokensDetails'], 'AUDIO'), uncached);
  const reasoningTokens = Math.min(count(outputTokens.reasoning) ?? 0, output);
  const shown = output - reasoningTokens;
  const outputImageTokens = Math.min(ofModality(raw['candidatesTokensDetails'], 'IMAGE'), shown);
  const outputAudioTokens = Math.min(
    ofModality(raw['candidatesTokensDetails'], 'AUDIO'),
    shown - outputImageTokens,
  );
  return {
    ...NO_USAGE,
    inputTokens: uncached - inputAudioTokens,
    cacheReadTokens,
    cacheWriteTokens: written - cacheWrite1hTokens,
    cacheWrite1hTokens,
    inputAudioTokens,
    outputTokens: shown - outputImageTokens - outputAudioTokens,
    reasoningTokens,
    outputImageTokens,
    outputAudioTokens,
  };
}

/** Anthropic's own words for it, and Bedrock's. */
function hourWrites(raw: JsonObject): number {
  const creation = raw['cache_creation'];
  if (isJsonObject(creation)) return count(creation['ephemeral_1h_input_tokens']) ?? 0;
  return sumOf(raw['cacheDetails'], (entry) =>
    /1h/i.test(String(entry['ttl'])) ? count(entry['inputTokens']) : 0,
  );
}

/** Google's counts by what was sent. */
function ofModality(details: unknown, modality: string): number {
  return sumOf(details, (entry) => (entry['modality'] === modality ? count(entry['tokenCount']) : 0));
}

function sumOf(list: unknown, tokensOf: (entry: JsonObject) => number | null): number {
  if (!Array.isArray(list)) return 0;
  return list.filter(isJsonObject).reduce((sum, entry) => sum + (tokensOf(entry) ?? 0), 0);
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TOKENS
    ? value
    : null;
}
