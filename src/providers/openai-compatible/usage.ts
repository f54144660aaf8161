/** Token counts out of the `usage` that vendors of OpenAI's dialect report, each in its own words, in buckets that do not overlap. */
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { tokenCount } from '../token-count.ts';

const PROMPT = ['prompt_tokens', 'input_tokens', 'promptTokenCount'];
const COMPLETION = ['completion_tokens', 'output_tokens', 'candidatesTokenCount'];
const TOTAL = ['total_tokens', 'totalTokenCount'];
const PROMPT_DETAILS = ['prompt_tokens_details', 'prompt_token_details', 'input_tokens_details'];
const COMPLETION_DETAILS = ['completion_tokens_details', 'output_tokens_details'];

/** Beside `usage`: DeepSeek's hits, Moonshot's and Mistral's plain count, Anthropic's words, Gemini's. */
const CACHE_READ = [
  'cached_tokens',
  'prompt_cache_hit_tokens',
  'num_cached_tokens',
  'cache_read_input_tokens',
  'cachedContentTokenCount',
];
const CACHE_WRITE = ['cache_write_tokens', 'cache_creation_tokens', 'cache_creation_input_tokens'];
const CACHE_WRITES_BY_LIFE = ['cache_creation', 'cache_creation_token_details'];
const REASONING = ['reasoning_tokens', 'thoughtsTokenCount'];

/**
 * Null when there is no usage, or when its counts cannot be counts (negative, fractional, absurd): then ours are used. Digits in a
 * text count as their number; parts that cannot be are left out, and no part exceeds its whole.
 */
export function convertUsage(value: unknown): TokenUsage | null {
  if (!isJsonObject(value)) return null;
  const reportedPrompt = first(value, PROMPT);
  const total = first(value, TOTAL);
  const completion =
    first(value, COMPLETION) ??
    (reportedPrompt !== null && total !== null && total >= reportedPrompt ? total - reportedPrompt : null);
  if (reportedPrompt === null || completion === null) return null;
  const input = inputBuckets(value, reportedPrompt, total === null ? 0 : total - reportedPrompt - completion);
  const prompt = sumOf(input);
  const details = member(value, COMPLETION_DETAILS);
  const reasoning = reasoningOf(largest(value, details, REASONING), prompt, completion, total);
  return { ...input, ...outputBuckets(details, completion, reasoning), searches: searchesOf(value) };
}

/** Of an answer that writes nothing: the prompt's count, or the total where a vendor gives that alone (Voyage). */
export function convertPromptUsage(value: unknown): TokenUsage | null {
  if (!isJsonObject(value)) return null;
  const tokens = first(value, PROMPT) || first(value, TOTAL);
  return tokens === null ? null : { ...NO_USAGE, ...inputBuckets(value, tokens, 0) };
}

/** `usage` wherever vendors put it: on the event, in Groq's own member, on the last choice (Moonshot), or in Gemini's words. */
export function findUsage(event: JsonObject): TokenUsage | null {
  const own = convertUsage(event['usage']);
  if (own !== null) return own;
  const groq = event['x_groq'];
  if (isJsonObject(groq) && groq['usage'] !== undefined) return convertUsage(groq['usage']);
  const gemini = event['usageMetadata'] ?? event['usage_metadata'];
  return gemini === undefined ? null : convertUsage(gemini);
}

type InputBuckets = Pick<
  TokenUsage,
  'inputTokens' | 'cacheReadTokens' | 'cacheWriteTokens' | 'cacheWrite1hTokens' | 'inputAudioTokens'
>;

/** `rest` is what the reported total has above prompt and completion. */
function inputBuckets(usage: JsonObject, reported: number, rest: number): InputBuckets {
  const details = member(usage, PROMPT_DETAILS);
  const read = largest(usage, details, CACHE_READ);
  const lives = cacheWritesByLife(usage) ?? cacheWritesByLife(details);
  const writes = Math.max(largest(usage, details, CACHE_WRITE), (lives?.short ?? 0) + (lives?.hour ?? 0));
  // Anthropic counts what its cache did beside `input_tokens`; so does a vendor whose cached count is the larger one, or whose
  // total is greater by just that.
  const isBeside =
    (usage['prompt_tokens'] === undefined && isAnthropic(usage)) || read > reported || rest === read + writes;
  const prompt = isBeside ? reported + read + writes : reported;
  const cacheReadTokens = Math.min(read, prompt);
  const written = Math.min(writes, prompt - cacheReadTokens);
  const cacheWrite1hTokens = Math.min(lives?.hour ?? 0, written);
  const uncached = prompt - cacheReadTokens - written;
  const inputAudioTokens = Math.min(tokenCount(details['audio_tokens']) ?? 0, uncached);
  return {
    inputTokens: uncached - inputAudioTokens,
    cacheReadTokens,
    cacheWriteTokens: written - cacheWrite1hTokens,
    cacheWrite1hTokens,
    inputAudioTokens,
  };
}

function sumOf(input: InputBuckets): number {
  return (
    input.inputTokens +
    input.cacheReadTokens +
    input.cacheWriteTokens +
    input.cacheWrite1hTokens +
    input.inputAudioTokens
  );
}

function isAnthropic(usage: JsonObject): boolean {
  return 'cache_read_input_tokens' in usage || 'cache_creation_input_tokens' in usage;
}

function cacheWritesByLife(place: JsonObject): { short: number; hour: number } | null {
  const lives = member(place, CACHE_WRITES_BY_LIFE);
  const short = tokenCount(lives['ephemeral_5m_input_tokens']);
  const hour = tokenCount(lives['ephemeral_1h_input_tokens']);
  return short === null && hour === null ? null : { short: short ?? 0, hour: hour ?? 0 };
}

interface Reasoning {
  readonly tokens: number;
  readonly isBeside: boolean;
}

/**
 * xAI, DeepInfra and Perplexity count reasoning beside the completion: the total tells, or that there is more of it. Gemini's
 * compatible endpoint counts it in the total alone.
 */
function reasoningOf(tokens: number, prompt: number, completion: number, total: number | null): Reasoning {
  const rest = total === null ? 0 : total - prompt - completion;
  if (tokens === 0) return { tokens: Math.max(0, rest), isBeside: true };
  return { tokens, isBeside: rest === tokens || tokens > completion };
}

type OutputBuckets = Pick<
  TokenUsage,
  'outputTokens' | 'reasoningTokens' | 'outputAudioTokens' | 'outputImageTokens'
>;

function outputBuckets(details: JsonObject, completion: number, reasoning: Reasoning): OutputBuckets {
  const reasoningTokens = reasoning.tokens;
  const shown = reasoning.isBeside ? completion : completion - reasoningTokens;
  const outputAudioTokens = Math.min(tokenCount(details['audio_tokens']) ?? 0, shown);
  const outputImageTokens = Math.min(tokenCount(details['image_tokens']) ?? 0, shown - outputAudioTokens);
  return {
    outputTokens: shown - outputAudioTokens - outputImageTokens,
    reasoningTokens,
    outputAudioTokens,
    outputImageTokens,
  };
}

/** What a vendor charges for looking things up: Perplexity's queries, Anthropic's and OpenRouter's requests, xAI's sources. */
function searchesOf(usage: JsonObject): number {
  const tools = member(usage, ['server_tool_use', 'server_tool_use_details']);
  return (
    tokenCount(tools['web_search_requests']) ??
    tokenCount(usage['num_search_queries']) ??
    tokenCount(usage['num_sources_used']) ??
    0
  );
}

function first(place: JsonObject, names: readonly string[]): number | null {
  for (const name of names) {
    const value = tokenCount(place[name]);
    if (value !== null) return value;
  }
  return null;
}

/** Of one thing under its many names; those that are reported twice are equal, or one of them is a zero for "unknown". */
function largest(usage: JsonObject, details: JsonObject, names: readonly string[]): number {
  let most = 0;
  for (const name of names)
    most = Math.max(most, tokenCount(details[name]) ?? 0, tokenCount(usage[name]) ?? 0);
  return most;
}

function member(place: JsonObject, names: readonly string[]): JsonObject {
  for (const name of names) {
    const value = place[name];
    if (isJsonObject(value)) return value;
  }
  return {};
}
