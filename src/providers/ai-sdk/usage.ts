/** Token counts of the AI SDK's packages, in buckets that do not overlap, as the vendor behind the package bills them. */
import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { tokenCount } from '../token-count.ts';

/** Null: the provider counted nothing, or what cannot be a count. */
export function convertUsage({
  inputTokens,
  outputTokens,
  raw = {},
}: LanguageModelV4Usage): TokenUsage | null {
  // Cohere bills fewer tokens than it counts: its own templates are free.
  const billed = isJsonObject(raw['billed_units']) ? raw['billed_units'] : {};
  const total = tokenCount(billed['input_tokens']) ?? tokenCount(inputTokens.total);
  const output = tokenCount(billed['output_tokens']) ?? tokenCount(outputTokens.total);
  if (total === null || output === null) return null;
  const cacheReadTokens = Math.min(tokenCount(inputTokens.cacheRead) ?? 0, total);
  const written = Math.min(tokenCount(inputTokens.cacheWrite) ?? 0, total - cacheReadTokens);
  const cacheWrite1hTokens = Math.min(hourWrites(raw), written);
  const uncached = total - cacheReadTokens - written;
  const inputAudioTokens = Math.min(ofModality(raw['promptTokensDetails'], 'AUDIO'), uncached);
  const reasoningTokens = Math.min(tokenCount(outputTokens.reasoning) ?? 0, output);
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
  if (isJsonObject(creation)) return tokenCount(creation['ephemeral_1h_input_tokens']) ?? 0;
  return sumOf(raw['cacheDetails'], (entry) =>
    /1h/i.test(String(entry['ttl'])) ? tokenCount(entry['inputTokens']) : 0,
  );
}

/** Google's counts by what was sent. */
function ofModality(details: unknown, modality: string): number {
  return sumOf(details, (entry) => (entry['modality'] === modality ? tokenCount(entry['tokenCount']) : 0));
}

function sumOf(list: unknown, tokensOf: (entry: JsonObject) => number | null): number {
  if (!Array.isArray(list)) return 0;
  return list.filter(isJsonObject).reduce((sum, entry) => sum + (tokensOf(entry) ?? 0), 0);
}
