/** `usageMetadata` as Google's clients read it, true to the bill, with what it cost beside the counts: `cost`, in USD. */
import { completionTokensOf, promptTokensOf } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { usdFromNanoUsd } from '../../money.ts';
import { type Bill, chargedNanoUsd } from '../../pricing/cost.ts';

/** Google's prompt count holds what its cache served; its count of candidates holds no thoughts. */
export function usageJson(bill: Bill): JsonObject {
  const { usage } = bill;
  const promptTokens = promptTokensOf(usage);
  const completionTokens = completionTokensOf(usage);
  const { cacheReadTokens, reasoningTokens, inputAudioTokens, outputAudioTokens, outputImageTokens } = usage;
  return {
    promptTokenCount: promptTokens,
    candidatesTokenCount: completionTokens - reasoningTokens,
    totalTokenCount: promptTokens + completionTokens,
    ...(cacheReadTokens === 0 ? {} : { cachedContentTokenCount: cacheReadTokens }),
    ...(reasoningTokens === 0 ? {} : { thoughtsTokenCount: reasoningTokens }),
    promptTokensDetails: details({ TEXT: promptTokens - inputAudioTokens, AUDIO: inputAudioTokens }),
    candidatesTokensDetails: details({
      TEXT: usage.outputTokens,
      AUDIO: outputAudioTokens,
      IMAGE: outputImageTokens,
    }),
    cost: usdFromNanoUsd(chargedNanoUsd(bill)),
  };
}

function details(counts: Readonly<Record<string, number>>): readonly JsonObject[] {
  return Object.entries(counts)
    .filter(([, tokenCount]) => tokenCount > 0)
    .map(([modality, tokenCount]) => ({ modality, tokenCount }));
}
