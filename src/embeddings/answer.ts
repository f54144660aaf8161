/** An answer of vectors, in the middle. */
import type { AnswerFacts } from '../chat/answer.ts';
import type { Vector } from './vector.ts';

export interface EmbeddingsAnswer extends AnswerFacts {
  /** One for each input, in its order; all of one length, and every number finite. */
  readonly vectors: readonly Vector[];
}
