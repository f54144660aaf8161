/** Why an answer of the AI SDK's ended. */
import type { LanguageModelV4FinishReason } from '@ai-sdk/provider';
import type { FinishReason } from '../../chat/event.ts';

/** Null: it did not end, its connection did. `hasCalls`: some vendors say `stop` after tool calls. */
export function mapStopReason(
  { unified, raw }: LanguageModelV4FinishReason,
  hasCalls: boolean,
): FinishReason | null {
  switch (unified) {
    case 'stop':
      return hasCalls ? 'tool_calls' : 'stop';
    case 'length':
    case 'error':
      return unified;
    case 'content-filter':
      return 'content_filter';
    case 'tool-calls':
      return 'tool_calls';
    case 'interrupted':
      return null;
    default:
      // What packages say before their vendor has said anything.
      if (raw === undefined) return null;
      return hasCalls ? 'tool_calls' : 'stop';
  }
}
