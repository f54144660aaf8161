/** Vectors as Google's clients read them: one answer to `embedContent`, a list to `batchEmbedContents`. */
import { promptTokensOf } from '../../chat/usage.ts';
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { JsonObject } from '../../json.ts';
import { usdFromNanoUsd } from '../../money.ts';
import { type Bill, chargedNanoUsd } from '../../pricing/cost.ts';
import type { EmbeddingMethod } from '../google-generate/method.ts';

export function wholeGoogleEmbeddings(
  method: EmbeddingMethod,
  { vectors }: Pick<EmbeddingsAnswer, 'vectors'>,
  bill: Bill,
): JsonObject {
  const embeddings = vectors.map((vector) => ({ values: vector.in('float') }));
  return {
    ...(method === 'embedContent' ? { embedding: embeddings[0] } : { embeddings }),
    usageMetadata: usageJson(bill),
  };
}

/** Google's `EmbeddingUsageMetadata`, with what it cost beside the count: `cost`, in USD. */
function usageJson(bill: Bill): JsonObject {
  const { usage } = bill;
  const promptTokenCount = promptTokensOf(usage);
  const audioTokens = usage.inputAudioTokens;
  return {
    promptTokenCount,
    promptTokenDetails: [
      { modality: 'TEXT', tokenCount: promptTokenCount - audioTokens },
      ...(audioTokens === 0 ? [] : [{ modality: 'AUDIO', tokenCount: audioTokens }]),
    ],
    cost: usdFromNanoUsd(chargedNanoUsd(bill)),
  };
}
