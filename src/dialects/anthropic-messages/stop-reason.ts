/** Why an answer ended, in this dialect's words. */
import type { FinishReason } from '../../chat/event.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

/** How an answer ended, and what it held, where that says more than the provider's word. */
export interface Stop {
  readonly reason: FinishReason | null;
  readonly stopSequence: string | null;
  readonly hasCalls: boolean;
  readonly hasRefusal: boolean;
}

/** The members of a message that tell of its end. There is no word for one that broke off: see `brokenOff`. */
export function stopMembers(stop: Stop): JsonObject {
  const reason = stopReason(stop);
  return {
    stop_reason: reason,
    stop_sequence: stop.stopSequence,
    stop_details: reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
    container: null,
  };
}

function stopReason({ reason, stopSequence, hasCalls, hasRefusal }: Stop): string {
  switch (reason) {
    case 'length':
      return 'max_tokens';
    case 'content_filter':
      return 'refusal';
    default:
      // Clients run no tool unless they are told so, and some vendors say "stop" behind their calls; others tell of calls without any.
      if (hasCalls) return 'tool_use';
      if (hasRefusal) return 'refusal';
      return stopSequence === null ? 'end_turn' : 'stop_sequence';
  }
}

/** Of an answer with calls, as a provider of this dialect told it: vLLM ends some of them as if there were none. */
export function reasonBehindCalls(reason: unknown): unknown {
  return reason === 'end_turn' ? 'tool_use' : reason;
}

/** The provider gave up in the middle. An answer that looked complete would be taken for one. */
export function brokenOff(): TurnpikeError {
  return new TurnpikeError('provider_unavailable', {
    message: 'The provider ended its answer with an error',
  });
}
