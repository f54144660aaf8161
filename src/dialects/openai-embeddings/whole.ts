/** The answer to `POST /embeddings`, with exactly the members that the official SDKs insist on. */
import { promptTokensOf } from '../../chat/usage.ts';
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { Encoding } from '../../embeddings/payload.ts';
import type { JsonObject } from '../../json.ts';
import { usdFromNanoUsd } from '../../money.ts';
import { type Bill, chargedNanoUsd } from '../../pricing/cost.ts';
import type { AnswerHead } from '../dialect.ts';

export function wholeEmbeddings(
  head: Pick<AnswerHead, 'id' | 'model' | 'provider'>,
  { vectors }: EmbeddingsAnswer,
  encoding: Encoding,
  bill: Bill,
): JsonObject {
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: vector.in(encoding) })),
    model: head.model,
    id: head.id,
    ...(head.provider === null ? {} : { provider: head.provider }),
    usage: usageJson(bill),
  };
}

const PICO_PER_USD = 1e12;

function usageJson(bill: Bill): JsonObject {
  const { usage, cost, isByok = false } = bill;
  const promptTokens = promptTokensOf(usage);
  const costUsd = usdFromNanoUsd(cost.totalNanoUsd);
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens,
    cost: usdFromNanoUsd(chargedNanoUsd(bill)),
    is_byok: isByok,
    cost_details: {
      upstream_inference_cost: costUsd,
      upstream_inference_prompt_cost: Number(cost.promptPicoUsd) / PICO_PER_USD,
      upstream_inference_completions_cost: 0,
    },
    ...(usage.inputAudioTokens === 0 || usage.inputTokens === 0
      ? {}
      : { prompt_tokens_details: { text_tokens: usage.inputTokens, audio_tokens: usage.inputAudioTokens } }),
  };
}
