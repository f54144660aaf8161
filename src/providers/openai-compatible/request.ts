/** A chat request as OpenAI's dialect: nearly itself for callers who speak it, with the vendor's names and without what it refuses. */
import type { JsonObject } from '../../json.ts';
import type { ChatCall } from '../adapter.ts';
import type { Quirks } from '../quirks.ts';
import { withoutCacheControl } from './cache-control.ts';
import { bodyOfPrompt } from './from-prompt.ts';
import { vendorMessages } from './history.ts';
import { setReasoning } from './reasoning.ts';

export function requestBody(call: ChatCall): JsonObject {
  const { payload, target, maxTokens } = call;
  const { quirks } = target;
  const { native } = payload;
  const given = native.dialect === 'openai-chat' ? native.body : bodyOfPrompt(payload.prompt());
  const { max_tokens: _, max_completion_tokens: __, ...body } = given;
  for (const name of call.withoutParameters) delete body[name];
  body['model'] = target.upstreamModel;
  if (maxTokens !== null) body[quirks.maxTokensField] = maxTokens;
  if (payload.reasoning !== null) setReasoning(body, payload.reasoning, quirks, maxTokens);
  setStream(body, call.stream, quirks);
  if (Array.isArray(body['messages'])) body['messages'] = vendorMessages(body['messages'], quirks);
  return quirks.cacheControl ? body : withoutCacheControl(body);
}

/** The headers of every call to one provider, which are the same for all: made once for each key. */
export function requestHeaders(apiKey: string | null): Readonly<Record<string, string>> {
  let headers = headersByKey.get(apiKey);
  if (headers === undefined) {
    headers = Object.freeze({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      // Compressed answers would be inflated here only to be read and sent on.
      'accept-encoding': 'identity',
      ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    });
    headersByKey.set(apiKey, headers);
  }
  return headers;
}

const headersByKey = new Map<string | null, Readonly<Record<string, string>>>();

function setStream(body: JsonObject, isStream: boolean, { streamOptions }: Quirks): void {
  delete body['stream_options'];
  if (!isStream) {
    delete body['stream'];
    return;
  }
  body['stream'] = true;
  if (streamOptions) body['stream_options'] = { include_usage: true };
}
