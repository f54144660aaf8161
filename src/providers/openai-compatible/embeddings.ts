/** `POST /embeddings` of OpenAI's dialect, out and back. */
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../../embeddings/payload.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { EmbeddingsAdapter, EmbeddingsCall, Exchange, WholeReader } from '../adapter.ts';
import { inBatches } from '../embeddings-batches.ts';
import { toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import { mustBeOneEach, NOTHING_WRITTEN, vectorsOf, wrongVectors } from '../vectors.ts';
import { WholeBody } from '../whole-body.ts';
import { addressOf } from './request.ts';
import { convertPromptUsage } from './usage.ts';

export function embeddingsOver(client: UpstreamClient): EmbeddingsAdapter {
  return {
    embed: inBatches(
      (call, reader) => embed(client, call, reader),
      ({ target }) => target.quirks.embeddingsAtOnce,
    ),
    refusal: () => null,
    honours: ({ inputType, titles }, { quirks }) =>
      titles === null && (inputType === null || quirks.inputType),
  };
}

function embed(
  client: UpstreamClient,
  call: EmbeddingsCall,
  reader: WholeReader<EmbeddingsAnswer>,
): Exchange {
  const { embeddingsUrl, wholeHeaders } = addressOf(call.target);
  const { apiKey } = call.target;
  const { answerMs } = call.timeouts;
  const answer = new WholeBody(reader, apiKey, (body, text) => readAnswer(body, text, call.payload, apiKey));
  answer.exchange = client.send(
    {
      url: embeddingsUrl,
      headers: wholeHeaders,
      body: JSON.stringify(embeddingsBody(call)),
      // The first byte comes when all of it is worked out.
      timeouts: { firstByteMs: answerMs, idleMs: answerMs, answerMs },
      mustBePublic: call.target.mustBePublic,
    },
    answer,
  );
  return answer;
}

/** As the vendor wants it. */
function embeddingsBody({ target, payload }: EmbeddingsCall): JsonObject {
  const { upstreamModel, quirks } = target;
  const { input, dimensions, inputType, encoding, others } = payload;
  const body: JsonObject = { ...others, model: upstreamModel, input: input.items };
  if (encoding === 'base64' && quirks.base64Embeddings) body['encoding_format'] = 'base64';
  if (dimensions !== null) body[quirks.dimensionsField] = dimensions;
  if (inputType !== null && quirks.inputType) body['input_type'] = inputType;
  return body;
}

/** Throws ProviderError when it is not one vector for each input, or is an error under a 200. `text` is the body as it came. */
function readAnswer(
  body: unknown,
  text: string,
  payload: EmbeddingsPayload,
  secret: string | null,
): EmbeddingsAnswer {
  if (isError(body)) throw toldError({ status: null, value: body, text }, secret);
  const data = isJsonObject(body) ? body['data'] : undefined;
  if (!isJsonObject(body) || !Array.isArray(data) || !data.every(isJsonObject))
    throw wrongVectors('Provider returned an answer that is not a list of embeddings', text, secret);
  const embedded = { payload, text, secret };
  mustBeOneEach(data.length, embedded);
  const ordered = inOrder(data);
  if (ordered === null)
    throw wrongVectors('Provider returned embeddings of which it does not say whose they are', text, secret);
  const vectors = vectorsOf(
    ordered.map(({ embedding }) => embedding),
    embedded,
  );
  return {
    ...NOTHING_WRITTEN,
    vectors,
    usage: convertPromptUsage(body['usage']),
    upstreamId: textOrNull(body['id']) || null,
  };
}

/** By their indexes; where all say the same, or none says any, in the order in which they came. Null: they contradict each other. */
function inOrder(data: readonly JsonObject[]): readonly JsonObject[] | null {
  const [first] = data;
  if (data.every((item) => item['index'] === first?.['index'])) return data;
  const ordered: JsonObject[] = [];
  for (const item of data) {
    // A zero is left out where a vendor's answers come from protocol buffers.
    const index = item['index'] ?? 0;
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= data.length)
      return null;
    if (ordered[index] !== undefined) return null;
    ordered[index] = item;
  }
  return ordered;
}
