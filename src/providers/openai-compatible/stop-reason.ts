/** Finish reasons of OpenAI's dialect, and of those who nearly speak it, as the five that OpenRouter knows. */
import type { FinishReason } from '../../chat/event.ts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'length',
  model_context_window_exceeded: 'length',
  tool_calls: 'tool_calls',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  sensitive: 'content_filter',
  recitation: 'content_filter',
  blocklist: 'content_filter',
  prohibited_content: 'content_filter',
  refusal: 'content_filter',
  error: 'error',
  network_error: 'error',
  insufficient_system_resource: 'error',
};

/**
 * Null while an answer goes on. Unknown words count as `stop`: the answer did end, and the raw word is kept beside it. Some vendors
 * say `stop` of an answer that calls tools, on which clients that wait for `tool_calls` would end.
 */
export function mapStopReason(native: unknown, hasToolCalls: boolean): FinishReason | null {
  if (typeof native !== 'string' || native === '') return null;
  const reason = REASONS[native.toLowerCase()] ?? 'stop';
  return reason === 'stop' && hasToolCalls ? 'tool_calls' : reason;
}
