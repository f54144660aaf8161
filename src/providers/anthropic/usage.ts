/** Token counts out of Anthropic's `usage`, whose buckets lie beside each other already. */
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { tokenCount } from '../token-count.ts';

/** What a prompt is made of. */
const PROMPT = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];

/**
 * A stream counts at its beginning and again, cumulatively, at its end, where it may leave out what it has said. What is later counts;
 * a later zero does not, since some who speak this format write it for "unknown", but for one beside a count of the prompt: others have
 * told that prompt as a whole before, and tell only now that a cache served all of it.
 */
export function mergedUsage(known: JsonObject, later: JsonObject): JsonObject {
  const merged = { ...known };
  const hasPrompt = PROMPT.some((name) => tokenCount(later[name]) ?? 0);
  for (const name in later) {
    const [before, value] = [known[name], later[name]];
    if (value === null || name === '__proto__') continue;
    if (value === 0 && before !== undefined && !(hasPrompt && PROMPT.includes(name))) continue;
    merged[name] = isJsonObject(before) && isJsonObject(value) ? mergedUsage(before, value) : value;
  }
  return merged;
}

/** Where others say `default`, Anthropic says `standard`; its fast mode is what others call priority. Null: it does not say. */
export function serviceTierOf(usage: JsonObject): string | null {
  const tier = textOrNull(usage['service_tier']);
  if (usage['speed'] === 'fast') return 'priority';
  return tier === 'standard' ? 'default' : tier;
}

/** Null: there is none, or its counts cannot be counts (negative, fractional, absurd). */
export function convertUsage(value: unknown): TokenUsage | null {
  if (!isJsonObject(value)) return null;
  const counted = counts(value);
  if (counted === null) return null;
  const sampled = iterationsOf(value);
  const usage = sampled === null ? counted : added(sampled, counted.cacheWrite1hTokens);
  const thinking = tokenCount(member(value, 'output_tokens_details')['thinking_tokens']) ?? 0;
  const reasoningTokens = Math.min(thinking, usage.outputTokens);
  return {
    ...usage,
    outputTokens: usage.outputTokens - reasoningTokens,
    reasoningTokens,
    searches: tokenCount(member(value, 'server_tool_use')['web_search_requests']) ?? 0,
  };
}

function counts(usage: JsonObject): TokenUsage | null {
  const input = tokenCount(usage['input_tokens']);
  const output = tokenCount(usage['output_tokens']);
  if (input === null || output === null) return null;
  const lives = member(usage, 'cache_creation');
  const short = tokenCount(lives['ephemeral_5m_input_tokens']) ?? 0;
  const hour = tokenCount(lives['ephemeral_1h_input_tokens']) ?? 0;
  // The end of a stream counts what was stored without saying for how long.
  const written = Math.max(tokenCount(usage['cache_creation_input_tokens']) ?? 0, short + hour);
  return {
    ...NO_USAGE,
    inputTokens: input,
    cacheReadTokens: tokenCount(usage['cache_read_input_tokens']) ?? 0,
    cacheWriteTokens: written - hour,
    cacheWrite1hTokens: hour,
    outputTokens: output,
  };
}

/**
 * The runs of the model that one answer took, where a compaction was one of them: the counts beside them leave it out, and it is
 * billed. Those of another model, whose prices are its own (an advisor), and of an answer that another model gave are no part of it.
 */
function iterationsOf(usage: JsonObject): readonly TokenUsage[] | null {
  const list = Array.isArray(usage['iterations']) ? usage['iterations'].filter(isJsonObject) : [];
  if (!list.some(({ type }) => type === 'compaction')) return null;
  if (list.some(({ type }) => type === 'fallback_message')) return null;
  const own = list.filter(({ type }) => type === 'compaction' || type === 'message').map(counts);
  return own.every((each) => each !== null) ? own : null;
}

function added(runs: readonly TokenUsage[], hourTokens: number): TokenUsage {
  const sum = (name: keyof TokenUsage) => runs.reduce((total, run) => total + run[name], 0);
  const written = sum('cacheWriteTokens') + sum('cacheWrite1hTokens');
  const hour = Math.max(sum('cacheWrite1hTokens'), Math.min(hourTokens, written));
  return {
    ...NO_USAGE,
    inputTokens: sum('inputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: written - hour,
    cacheWrite1hTokens: hour,
    outputTokens: sum('outputTokens'),
  };
}

function member(place: JsonObject, name: string): JsonObject {
  const value = place[name];
  return isJsonObject(value) ? value : {};
}
