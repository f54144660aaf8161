/** `usage` as clients of Responses read it, with exactly the members that the official SDKs insist on. */
import { completionTokensOf, promptTokensOf } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { usdFromNanoUsd } from '../../money.ts';
import { type Bill, chargedNanoUsd } from '../../pricing/cost.ts';

const PICO_PER_USD = 1e12;

export function usageJson(bill: Bill): JsonObject {
  const { usage, cost, isByok = false } = bill;
  const inputTokens = promptTokensOf(usage);
  const outputTokens = completionTokensOf(usage);
  const costUsd = usdFromNanoUsd(cost.totalNanoUsd);
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: inputTokens + outputTokens,
    cost: usdFromNanoUsd(chargedNanoUsd(bill)),
    is_byok: isByok,
    cost_details: {
      upstream_inference_cost: costUsd,
      upstream_inference_input_cost: Number(cost.promptPicoUsd) / PICO_PER_USD,
      upstream_inference_output_cost: Number(cost.completionPicoUsd) / PICO_PER_USD,
    },
    ...(usage.searches > 0 ? { server_tool_use_details: { web_search_requests: usage.searches } } : {}),
  };
}
