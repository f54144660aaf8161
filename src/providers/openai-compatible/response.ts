/** A whole answer of OpenAI's dialect as the canonical completion. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { type ChatCompletion, type CompletionChoice, ProviderError } from '../provider.ts';
import { streamError } from './error.ts';
import { canonicalMessage } from './message.ts';
import { mapStopReason } from './stop-reason.ts';
import { convertUsage } from './usage.ts';

/** Throws ProviderError when the body is not a chat completion, or is an error under a 200. */
export function convertResponse(body: unknown): ChatCompletion {
  if (!isJsonObject(body)) throw notACompletion();
  if (isJsonObject(body['error'])) throw streamError(body);
  const choices = body['choices'];
  if (!Array.isArray(choices) || choices.length === 0) throw notACompletion();
  return {
    choices: choices.map(convertChoice),
    usage: convertUsage(body['usage']),
    upstreamId: textOrNull(body['id']),
    systemFingerprint: textOrNull(body['system_fingerprint']),
    serviceTier: textOrNull(body['service_tier']),
  };
}

function convertChoice(choice: unknown, position: number): CompletionChoice {
  if (!isJsonObject(choice) || !isJsonObject(choice['message'])) throw notACompletion();
  const message = canonicalMessage(choice['message']);
  const calls = message['tool_calls'];
  return {
    index: Number.isInteger(choice['index']) ? Number(choice['index']) : position,
    message: {
      ...message,
      role: 'assistant',
      content: message['content'] ?? null,
      ...(Array.isArray(calls) ? { tool_calls: calls.map(wholeToolCall) } : {}),
    },
    finish_reason: mapStopReason(choice['finish_reason']),
    native_finish_reason: textOrNull(choice['finish_reason']),
    ...(isJsonObject(choice['logprobs']) ? { logprobs: choice['logprobs'] } : {}),
  };
}

/** In a whole answer every call has an id and a name; some vendors leave the id out. */
function wholeToolCall(call: JsonObject): JsonObject {
  const fn = isJsonObject(call['function']) ? call['function'] : {};
  return {
    id: call['id'] ?? `call_${crypto.randomUUID()}`,
    type: 'function',
    index: call['index'],
    function: { ...fn, name: textOrNull(fn['name']) ?? '', arguments: textOrNull(fn['arguments']) ?? '' },
  };
}

function notACompletion(): ProviderError {
  return new ProviderError('garbage', {
    message: 'Provider returned an answer that is not a chat completion',
  });
}
