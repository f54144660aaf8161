/** `usage` as clients read it, with exactly the members that the official SDKs insist on. */
import { usdFromNanoUsd } from '../money.ts';
import type { BillableUsage, Cost } from '../pricing/cost.ts';

const PICO_PER_USD = 1e12;

export function usageJson(usage: BillableUsage, cost: Cost): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    cost: usdFromNanoUsd(cost.totalNanoUsd),
    is_byok: false,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.audioTokens,
    },
    cost_details: {
      upstream_inference_cost: null,
      upstream_inference_prompt_cost: Number(cost.promptPicoUsd) / PICO_PER_USD,
      upstream_inference_completions_cost: Number(cost.completionPicoUsd) / PICO_PER_USD,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.audioOutputTokens,
      image_tokens: usage.imageOutputTokens,
    },
  };
}
