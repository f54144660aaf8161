/** Finish reasons of OpenAI's dialect, and of those who nearly speak it, as the five that OpenRouter knows. */
import type { FinishReason } from '../../chat/event.ts';
import type { JsonObject } from '../../json.ts';

/** What is not listed (`eos`, `end_turn`, `stop_sequence`, …) is an ordinary stop. */
const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
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

/**
 * Unknown words count as `stop`: the answer did end, and the raw word is kept beside it. Google's compatible endpoint says two words at
 * once (`content_filter: PROHIBITED_CONTENT`), of which the first known one counts.
 */
function mapStopReason(native: string): FinishReason {
  for (const part of native.toLowerCase().split(/[^a-z_]+/)) {
    const reason = reasons.get(part);
    if (reason !== undefined) return reason;
  }
  return 'stop';
}

/** Why a choice ended; nulls: it has not. */
export interface Finish {
  readonly reason: FinishReason | null;
  /** The vendor's own word. */
  readonly native: string | null;
}

const NOT_YET: Finish = { reason: null, native: null };

/**
 * The end of a choice. Some vendors say `stop` after tool calls, and clients then run no tool. Routers map the reason themselves and
 * say the vendor's beside it, which can be the only word of a failure.
 */
export function finishOf(choice: JsonObject, hasCalls: boolean): Finish {
  const { finish_reason: word, native_finish_reason: behind } = choice;
  if (typeof word !== 'string' || word === '') return NOT_YET;
  const native = typeof behind === 'string' && behind !== '' ? behind : word;
  const reason = mapStopReason(native) === 'error' ? 'error' : mapStopReason(word);
  return { reason: reason === 'stop' && hasCalls ? 'tool_calls' : reason, native };
}
