/** Stop reasons of Anthropic's messages as the five finish reasons that OpenRouter knows. */
import type { FinishReason } from '../../chat/event.ts';

const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
]);

/**
 * What is not listed (`end_turn`, `stop_sequence`, `pause_turn`, `compaction`, words to come) is an ordinary stop; its word is kept
 * beside it. Some who speak this format say `end_turn` after calls, and clients then run no tool.
 */
export function mapStopReason(word: string | null, hasCalls: boolean): FinishReason {
  const reason = (word === null ? undefined : reasons.get(word)) ?? 'stop';
  return reason === 'stop' && hasCalls ? 'tool_calls' : reason;
}
