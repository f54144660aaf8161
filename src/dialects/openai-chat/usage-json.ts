/** `usage` as clients read it, with exactly the members that the official SDKs insist on. */
import { completionTokensOf, promptTokensOf } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { usdFromNanoUsd } from '../../money.ts';
import { type Bill, chargedNanoUsd } from '../../pricing/cost.ts';

const PICO_PER_USD = 1e12;

export function usageJson(bill: Bill): JsonObject {
  const { usage, cost, isByok = false } = bill;
  const promptTokens = promptTokensOf(usage);
  const completionTokens = completionTokensOf(usage);
  const costUsd = usdFromNanoUsd(cost.totalNanoUsd);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cost: usdFromNanoUsd(chargedNanoUsd(bill)),
    is_byok: isByok,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
      audio_tokens: usage.inputAudioTokens,
    },
    cost_details: {
      // Live answers carry the same number as `cost` where the caller's own provider key was not used.
      upstream_inference_cost: costUsd,
      upstream_inference_prompt_cost: Number(cost.promptPicoUsd) / PICO_PER_USD,
      upstream_inference_completions_cost: Number(cost.completionPicoUsd) / PICO_PER_USD,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
      image_tokens: usage.outputImageTokens,
    },
    ...(usage.searches > 0 ? { server_tool_use_details: { web_search_requests: usage.searches } } : {}),
  };
}
