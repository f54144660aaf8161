/** `usage` as Anthropic counts: cached tokens stand beside `input_tokens`, not in it. What it cost stands behind, as OpenRouter has it. */
import { completionTokensOf, type TokenUsage } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { usdFromNanoUsd } from '../../money.ts';
import { type Bill, chargedNanoUsd } from '../../pricing/cost.ts';

const PICO_PER_USD = 1e12;

/**
 * `theirs`: what the provider said of it in the same shape, whose other members stay. Official clients insist on each of the rest, null
 * or not.
 */
export function usageJson(bill: Bill, theirs: JsonObject = {}, tier: string | null = null): JsonObject {
  const { usage, cost, isByok = false } = bill;
  const costUsd = usdFromNanoUsd(cost.totalNanoUsd);
  return {
    ...NOT_COUNTED,
    ...theirs,
    ...countsOf(usage),
    output_tokens_details:
      theirs['output_tokens_details'] ??
      (usage.reasoningTokens > 0 ? { thinking_tokens: usage.reasoningTokens } : null),
    server_tool_use:
      theirs['server_tool_use'] ??
      (usage.searches > 0 ? { web_search_requests: usage.searches, web_fetch_requests: 0 } : null),
    service_tier: theirs['service_tier'] ?? tierName(tier),
    cost: usdFromNanoUsd(chargedNanoUsd(bill)),
    is_byok: isByok,
    cost_details: {
      upstream_inference_cost: costUsd,
      upstream_inference_prompt_cost: Number(cost.promptPicoUsd) / PICO_PER_USD,
      upstream_inference_completions_cost: Number(cost.completionPicoUsd) / PICO_PER_USD,
    },
  };
}

/** Of an answer that has only begun. */
export function firstUsageJson(usage: TokenUsage): JsonObject {
  return {
    ...NOT_COUNTED,
    ...countsOf(usage),
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
  };
}

const NOT_COUNTED: JsonObject = { inference_geo: null };

function countsOf(usage: TokenUsage): JsonObject {
  return {
    input_tokens: usage.inputTokens + usage.inputAudioTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: completionTokensOf(usage),
  };
}

/** Anthropic calls the usual tier so; other words are passed on. */
function tierName(tier: string | null): string {
  return tier === null || tier === 'default' || tier === 'auto' ? 'standard' : tier;
}
