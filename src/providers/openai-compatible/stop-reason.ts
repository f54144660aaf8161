/** Finish reasons of OpenAI's dialect, and of those who nearly speak it, as the five that OpenRouter knows. */
import type { FinishReason } from '../provider.ts';

const reasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  refusal: 'content_filter',
  error: 'error',
};

/** Unknown words count as `stop`: the answer did end, and the raw word is kept beside it. */
export function mapStopReason(native: unknown): FinishReason | null {
  if (typeof native !== 'string' || native === '') return null;
  return reasons[native.toLowerCase()] ?? 'stop';
}
