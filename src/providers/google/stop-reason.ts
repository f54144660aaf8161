/** Why an answer ended, in Google's words (`Candidate.FinishReason`) and in those of the middle. */
import type { FinishReason } from '../../chat/event.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
};

/** Null: it has not ended. Google ends an answer that calls functions as any other; a word that is none of its known ones is a failure. */
export function finishReasonOf(native: unknown, hasCalled: boolean): FinishReason | null {
  if (typeof native !== 'string' || native === '' || native === 'FINISH_REASON_UNSPECIFIED') return null;
  const reason = Object.hasOwn(REASONS, native) ? (REASONS[native] ?? 'error') : 'error';
  return reason === 'stop' && hasCalled ? 'tool_calls' : reason;
}
