/** Finish reasons of OpenAI's dialect, and of those who nearly speak it, as the five that OpenRouter knows. */
import type { FinishReason } from '../../chat/event.ts';

const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['complete', 'stop'],
  ['completed', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['max_output_tokens', 'length'],
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_calls', 'tool_calls'],
  ['tool_call', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['content_filtered', 'content_filter'],
  ['safety', 'content_filter'],
  ['recitation', 'content_filter'],
  ['prohibited_content', 'content_filter'],
  ['blocklist', 'content_filter'],
  ['spii', 'content_filter'],
  ['sensitive', 'content_filter'],
  ['refusal', 'content_filter'],
  ['error', 'error'],
  ['malformed_function_call', 'error'],
  ['network_error', 'error'],
  ['insufficient_system_resource', 'error'],
]);

/** Unknown words count as `stop`: the answer did end, and the raw word is kept beside it. */
export function mapStopReason(native: unknown): FinishReason | null {
  if (typeof native !== 'string' || native === '') return null;
  return reasons.get(native) ?? reasons.get(native.toLowerCase()) ?? 'stop';
}

/** The reason of a choice that called tools: some vendors say `stop` there, and clients then run no tool. */
export function finishReasonOf(native: unknown, hasCalls: boolean): FinishReason | null {
  const reason = mapStopReason(native);
  return reason === 'stop' && hasCalls ? 'tool_calls' : reason;
}
