/** An embeddings request from beginning to end: what it asks of the steps, and its answer. */
import type { EmbeddingsRequest } from '../dialects/dialect.ts';
import { wholeEmbeddings } from '../dialects/openai-embeddings/whole.ts';
import type { EmbeddingsAnswer } from '../embeddings/answer.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ProviderTimeouts } from '../providers/adapter.ts';
import { targetOf } from '../routing/target.ts';
import {
  type Job,
  keyedTarget,
  type Sender,
  type StepServices,
  settleWhole,
  start,
  timeoutsOf,
} from './steps.ts';

export type Embed = (request: EmbeddingsRequest, sender: Sender) => Promise<JsonObject>;

export function createEmbed(services: StepServices): Embed {
  const timeouts = timeoutsOf(services.config);
  return async (request, sender) => {
    const job = embeddingsJob(services, request, timeouts);
    const { work, begun } = await start(services, job, sender);
    if (begun.kind !== 'whole') throw new Error('embeddings were answered with a stream');
    const bill = await settleWhole(services, job, work, begun);
    const { model, endpoint } = begun.candidate;
    const head = { id: work.generationId, model: model.id, provider: endpoint.provider.name };
    return wholeEmbeddings(head, begun.answer, request.payload.encoding, bill);
  };
}

function embeddingsJob(
  { adapters, credentials }: StepServices,
  request: EmbeddingsRequest,
  timeouts: ProviderTimeouts,
): Job<EmbeddingsAnswer> {
  const { payload } = request;
  return {
    request,
    kind: 'embeddings',
    apiType: 'embeddings',
    promptBytes: request.inputBytes,
    honours: (endpoint) =>
      adapters[endpoint.provider.format].embeddings?.honours(payload, targetOf(endpoint)) ?? false,
    refusalOf: ({ provider }) => {
      const { embeddings } = adapters[provider.format];
      if (embeddings !== undefined) return embeddings.refusal(payload);
      return new TurnpikeError('invalid_request', {
        message: `The API of ${provider.name} has no embeddings`,
      });
    },
    // What a vendor puts around each input is part of the request's size.
    promptOverheadTokens: () => 0,
    unpriced: () => request.unpriced,
    send: ({ endpoint }, _, reader) => {
      const { embeddings } = adapters[endpoint.provider.format];
      if (embeddings === undefined) throw new Error('an endpoint without embeddings was planned');
      return embeddings.embed({ target: keyedTarget({ credentials }, endpoint), payload, timeouts }, reader);
    },
    onSend: () => {},
  };
}
