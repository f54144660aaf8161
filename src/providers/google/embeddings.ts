/** `batchEmbedContents` of the Gemini API: each input is a content of its own, or newer models would make one vector of them all. */
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../../embeddings/payload.ts';
import { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { EmbeddingsAdapter, EmbeddingsCall, Exchange, WholeReader } from '../adapter.ts';
import { inBatches } from '../embeddings-batches.ts';
import { toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import { mustBeOneEach, NOTHING_WRITTEN, vectorsOf, wrongVectors } from '../vectors.ts';
import { WholeBody } from '../whole-body.ts';
import { contentsOf } from './embedded-content.ts';
import { embeddingsAddressOf, pathOf } from './request.ts';
import { convertUsage } from './usage.ts';

/** `BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch`. */
const MOST_AT_ONCE = 100;

export function embeddingsOver(client: UpstreamClient): EmbeddingsAdapter {
  return {
    embed: inBatches(
      (call, reader) => embed(client, call, reader),
      () => MOST_AT_ONCE,
    ),
    refusal,
    honours: () => true,
  };
}

function embed(
  client: UpstreamClient,
  call: EmbeddingsCall,
  reader: WholeReader<EmbeddingsAnswer>,
): Exchange {
  const { target, payload, timeouts } = call;
  const { apiKey: secret } = target;
  const { answerMs } = timeouts;
  const answer = new WholeBody(reader, secret, (body, text) => readAnswer(body, text, payload, secret));
  answer.exchange = client.send(
    {
      ...embeddingsAddressOf(target),
      body: JSON.stringify(batchBody(call)),
      // The first byte comes when all of it is worked out.
      timeouts: { firstByteMs: answerMs, idleMs: answerMs, answerMs },
      mustBePublic: call.target.mustBePublic,
    },
    answer,
  );
  return answer;
}

function refusal({ input }: EmbeddingsPayload): TurnpikeError | null {
  if (input.kind === 'texts' || contentsOf(input) !== null) return null;
  const what = input.kind === 'tokens' ? 'tokens' : 'what is elsewhere';
  return new TurnpikeError('invalid_request', {
    message: `input: Google embeds texts and what the request itself holds, not ${what}`,
  });
}

/** OpenRouter's words for what a vector is for, in Google's; its own words pass as they are. */
const TASKS: Readonly<Record<string, string>> = {
  query: 'RETRIEVAL_QUERY',
  search_query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  search_document: 'RETRIEVAL_DOCUMENT',
  passage: 'RETRIEVAL_DOCUMENT',
};

function batchBody({ target, payload }: EmbeddingsCall): JsonObject {
  const { input, dimensions, inputType, titles, others } = payload;
  const model = pathOf(target);
  const common: JsonObject = { ...others };
  if (inputType !== null) common['taskType'] = TASKS[inputType] ?? inputType.toUpperCase();
  if (dimensions !== null) common['outputDimensionality'] = dimensions;
  const requests = (contentsOf(input) ?? []).map((content, index) => {
    const title = titles?.[index] ?? null;
    return { ...common, model, content, ...(title === null ? {} : { title }) };
  });
  return { requests };
}

/** Throws ProviderError when it is not one vector for each input. */
function readAnswer(
  body: unknown,
  text: string,
  payload: EmbeddingsPayload,
  secret: string | null,
): EmbeddingsAnswer {
  if (isError(body)) throw toldError({ status: null, value: body, text }, secret);
  const embeddings = isJsonObject(body) ? body['embeddings'] : undefined;
  if (!isJsonObject(body) || !Array.isArray(embeddings) || !embeddings.every(isJsonObject))
    throw wrongVectors('Provider returned an answer that is not a list of embeddings', text, secret);
  const embedded = { payload, text, secret };
  mustBeOneEach(embeddings.length, embedded);
  const vectors = vectorsOf(
    embeddings.map(({ values }) => values),
    embedded,
  );
  return { ...NOTHING_WRITTEN, vectors, usage: convertUsage(body['usageMetadata']), upstreamId: null };
}
