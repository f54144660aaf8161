/** An embeddings request from beginning to end: what it asks of the steps, and its answer. */
import { type AnswerHead, type EmbeddingsRequest, routingMembers } from '../dialects/dialect.ts';
import type { EmbeddingsAnswer } from '../embeddings/answer.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Bill } from '../pricing/cost.ts';
import type { ProviderTimeouts } from '../providers/adapter.ts';
import { targetOf } from '../routing/target.ts';
import { settleWhole } from './ending.ts';
import { type Job, keyedTarget, type Sender, type StepServices, start, timeoutsOf } from './steps.ts';

/** Writes an answer as its caller reads it. */
export type EmbeddingsWriter = (
  head: Pick<AnswerHead, 'id' | 'model' | 'provider'>,
  answer: EmbeddingsAnswer,
  bill: Bill,
) => JsonObject;

export type Embed = (
  request: EmbeddingsRequest,
  sender: Sender,
  write: EmbeddingsWriter,
) => Promise<JsonObject>;

export function createEmbed(services: StepServices): Embed {
  const timeouts = timeoutsOf(services.config);
  return async (request, sender, write) => {
    const job = embeddingsJob(services, request, timeouts);
    const started = await start(services, job, sender);
    const { work, begun } = started;
    if (begun.kind !== 'whole') throw new Error('embeddings were answered with a stream');
    const bill = await settleWhole(services, job, started, begun);
    const { model, endpoint } = begun.candidate;
    const head = { id: work.generationId, model: model.id, provider: endpoint.provider.name };
    return Object.assign(write(head, begun.answer, bill), routingMembers(started));
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
    origins: [],
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
    conversation: () => null,
    unpriced: () => request.unpriced,
    send: (candidate, _, reader) => {
      const { embeddings } = adapters[candidate.endpoint.provider.format];
      if (embeddings === undefined) throw new Error('an endpoint without embeddings was planned');
      return embeddings.embed({ target: keyedTarget({ credentials }, candidate), payload, timeouts }, reader);
    },
    onSend: () => {},
  };
}
