/** `POST /embeddings` of OpenAI's dialect, out and back. */
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../../embeddings/payload.ts';
import { Vector } from '../../embeddings/vector.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { EmbeddingsAdapter, EmbeddingsCall } from '../adapter.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import { ProviderError } from '../provider-error.ts';
import { WholeBody } from '../whole-body.ts';
import { addressOf } from './request.ts';
import { convertPromptUsage } from './usage.ts';

export function embeddingsOver(client: UpstreamClient): EmbeddingsAdapter {
  return {
    embed: (call, reader) => {
      const { embeddingsUrl, wholeHeaders } = addressOf(call.target);
      const { apiKey } = call.target;
      const { answerMs } = call.timeouts;
      const answer = new WholeBody(reader, apiKey, (body, text) =>
        readAnswer(body, text, call.payload, apiKey),
      );
      answer.exchange = client.send(
        {
          url: embeddingsUrl,
          headers: wholeHeaders,
          body: JSON.stringify(embeddingsBody(call)),
          // The first byte comes when all of it is worked out.
          timeouts: { firstByteMs: answerMs, idleMs: answerMs, answerMs },
        },
        answer,
      );
      return answer;
    },
    honours: ({ inputType }, { quirks }) => inputType === null || quirks.inputType,
  };
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
    throw wrong('Provider returned an answer that is not a list of embeddings', text, secret);
  const count = payload.input.items.length;
  if (data.length !== count) throw wrong(wrongCount(data.length, payload), text, secret);
  const vectors = inOrder(data)?.map((item) => Vector.from(item['embedding'])) ?? null;
  if (vectors === null)
    throw wrong('Provider returned embeddings of which it does not say whose they are', text, secret);
  const length = vectors[0]?.length;
  const whole = vectors.filter((vector) => vector !== null && vector.length === length) as Vector[];
  if (whole.length !== count)
    throw wrong('Provider returned an embedding that is not a vector', text, secret);
  const { dimensions } = payload;
  if (dimensions !== null && length !== dimensions) throw otherDimensions(dimensions, length ?? 0);
  return {
    vectors: whole,
    writtenBytes: 0,
    finishReason: null,
    nativeFinishReason: null,
    usage: convertPromptUsage(body['usage']),
    upstreamId: textOrNull(body['id']) || null,
    serviceTier: null,
    systemFingerprint: null,
  };
}

/** Many who do not take tokens say nothing of it and answer with an empty list. */
function wrongCount(given: number, { input }: EmbeddingsPayload): string {
  const hint = input.kind === 'tokens' ? '; it may take texts alone, not tokens' : '';
  return `Provider returned ${given} embeddings for ${input.items.length} inputs${hint}`;
}

/** Vectors are millions of numbers: of an answer that is wrong, the operator's log has only its beginning. */
function wrong(message: string, text: string, secret: string | null): ProviderError {
  return garbage(message, text.slice(0, 2000), secret);
}

/** It ignored the member: whoever has a table of vectors of one length must hear of that before they store others in it. */
function otherDimensions(asked: number, given: number): ProviderError {
  return new ProviderError('status', {
    fault: 'caller',
    status: 400,
    message: `dimensions: this model gives vectors of ${given} numbers and was asked for ${asked}`,
    hasAnswered: true,
  });
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
