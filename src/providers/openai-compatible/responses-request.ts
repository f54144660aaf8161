/** A request that came as Responses, for OpenAI's own: as it is but for what it would refuse. */

import type { DialectName } from '../../chat/prompt.ts';
import { isSealedHere } from '../../chat/sealed.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { ChatCall, ProviderTarget } from '../adapter.ts';
import { reasoningMembers } from './reasoning.ts';

/** Whether a caller of this dialect is passed on to OpenAI's own Responses. */
export function relaysResponses(dialect: DialectName, { quirks }: ProviderTarget): boolean {
  return dialect === 'openai-responses' && quirks.responses;
}

/** OpenAI takes no smaller cap. */
const MIN_OUTPUT_TOKENS = 16;

export function responsesBody(call: ChatCall): JsonObject {
  const { payload, target, maxTokens, stream, withoutParameters } = call;
  const body: JsonObject = { ...payload.native.body };
  for (const name of withoutParameters) delete body[name];
  body['model'] = target.upstreamModel;
  if (maxTokens !== null) body['max_output_tokens'] = Math.max(MIN_OUTPUT_TOKENS, maxTokens);
  if (stream) body['stream'] = true;
  // It would keep every answer for a month.
  body['store'] = false;
  if (!target.quirks.cacheControl) delete body['cache_control'];
  if (withoutParameters.includes('verbosity')) body['text'] = withoutVerbosity(body['text']);
  if (withoutParameters.includes('reasoning')) delete body['include'];
  else if (isJsonObject(body['reasoning'])) body['reasoning'] = reasoningOf(body['reasoning'], call);
  if (Array.isArray(body['input'])) body['input'] = body['input'].flatMap(itemOf);
  return body;
}

function withoutVerbosity(text: unknown): unknown {
  if (!isJsonObject(text)) return text;
  const { verbosity: _, ...rest } = text;
  return rest;
}

/** OpenRouter's own words for how much is to be thought, in OpenAI's. */
function reasoningOf(reasoning: JsonObject, { payload, target, maxTokens }: ChatCall): JsonObject {
  const { enabled, max_tokens: budget, ...rest } = reasoning;
  if ((enabled ?? null) === null && (budget ?? null) === null) return rest;
  if ((rest['effort'] ?? null) !== null || payload.reasoning === null) return rest;
  const { reasoning_effort: effort } = reasoningMembers(payload.reasoning, target.quirks, maxTokens);
  return effort === undefined ? rest : { ...rest, effort };
}

/**
 * Thoughts go back sealed by OpenAI, or not at all: it looks for others by their id and, where nothing is stored, finds none. What
 * other vendors put beside a call it does not know.
 */
function itemOf(item: unknown): unknown[] {
  if (!isJsonObject(item)) return [item];
  if (item['type'] === 'reasoning') {
    const { signature: _, format: __, ...thought } = item;
    const sealed = item['encrypted_content'];
    return typeof sealed !== 'string' || sealed === '' || isSealedHere(sealed) ? [] : [thought];
  }
  if (item['type'] !== 'function_call' || item['extra_content'] === undefined) return [item];
  const { extra_content: _, ...call } = item;
  return [call];
}
