/** One vector for each input, or why an answer is none: what holds for every wire format. */
import type { EmbeddingsAnswer } from '../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../embeddings/payload.ts';
import { Vector } from '../embeddings/vector.ts';
import { garbage } from './errors/error.ts';
import { ProviderError } from './provider-error.ts';

/** What was asked, and what came of it: as text, for the operator, and whose key is not to be in there. */
export interface Embedded {
  readonly payload: EmbeddingsPayload;
  readonly text: string;
  readonly secret: string | null;
}

/** Throws ProviderError when there are not as many as inputs. */
export function mustBeOneEach(given: number, { payload, text, secret }: Embedded): void {
  const { kind, items } = payload.input;
  if (given === items.length) return;
  // Many who do not take tokens say nothing of it and answer with an empty list.
  const hint = kind === 'tokens' ? '; it may take texts alone, not tokens' : '';
  const message = `Provider returned ${given} embeddings for ${items.length} inputs${hint}`;
  throw wrongVectors(message, text, secret);
}

/** Of values in the order of the inputs. Throws ProviderError when one is no vector, or not of the length of the others. */
export function vectorsOf(
  values: readonly unknown[],
  { payload, text, secret }: Embedded,
): readonly Vector[] {
  const vectors = values.map((value) => Vector.from(value));
  const length = vectors[0]?.length;
  const whole = vectors.filter((vector) => vector !== null && vector.length === length) as Vector[];
  if (whole.length !== values.length)
    throw wrongVectors('Provider returned an embedding that is not a vector', text, secret);
  const { dimensions } = payload;
  if (dimensions !== null && length !== dimensions) throw otherDimensions(dimensions, length ?? 0);
  return whole;
}

/** What is the same of every answer of vectors. */
export const NOTHING_WRITTEN: Omit<EmbeddingsAnswer, 'vectors' | 'usage' | 'upstreamId'> = {
  writtenBytes: 0,
  finishReason: null,
  nativeFinishReason: null,
  serviceTier: null,
  systemFingerprint: null,
};

/** Vectors are millions of numbers: of an answer that is wrong, the operator's log has only its beginning. */
export function wrongVectors(message: string, text: string, secret: string | null): ProviderError {
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
