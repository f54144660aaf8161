/** A chat request as OpenAI's dialect: nearly itself, with the vendor's names. */
import type { ChatPayload } from '../../chat/prompt.ts';
import { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { ChatCall, ProviderTarget } from '../adapter.ts';
import { vendorMessages, withoutCacheMarks } from './history.ts';
import { bodyOfPrompt } from './prompt-body.ts';
import { reasoningMembers } from './reasoning.ts';

/** Of callers who speak another dialect: made for the first endpoint that asks, and used by each. */
const translated = new WeakMap<ChatPayload, JsonObject>();

function chatBodyOf(payload: ChatPayload): JsonObject {
  const { dialect, body } = payload.native;
  if (dialect === 'openai-chat') return body;
  const known = translated.get(payload);
  if (known !== undefined) return known;
  const fresh = bodyOfPrompt(payload.prompt());
  translated.set(payload, fresh);
  return fresh;
}

/** Null: the dialect can say it. */
export function refusal(payload: ChatPayload): TurnpikeError | null {
  try {
    chatBodyOf(payload);
    return null;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
    throw thrown;
  }
}

/** Throws a TurnpikeError for what the dialect cannot say. */
export function requestBody(call: ChatCall): JsonObject {
  const { quirks, upstreamModel } = call.target;
  const body: JsonObject = { ...chatBodyOf(call.payload) };
  for (const name of call.withoutParameters) delete body[name];
  body['model'] = upstreamModel;
  delete body['max_tokens'];
  delete body['max_completion_tokens'];
  if (call.maxTokens !== null) body[quirks.maxTokensField] = call.maxTokens;
  delete body['reasoning'];
  delete body['reasoning_effort'];
  if (call.payload.reasoning !== null && !call.withoutParameters.includes('reasoning')) {
    addReasoning(body, reasoningMembers(call.payload.reasoning, quirks, call.maxTokens));
  }
  delete body['stream_options'];
  delete body['stream'];
  if (call.stream) {
    body['stream'] = true;
    if (quirks.streamOptions) body['stream_options'] = { include_usage: true };
  }
  if (Array.isArray(body['messages'])) body['messages'] = vendorMessages(body['messages'], quirks);
  if (!quirks.cacheControl) {
    delete body['cache_control'];
    if (Array.isArray(body['tools'])) body['tools'] = withoutCacheMarks(body['tools']);
  }
  return body;
}

/** Objects that the caller uses too keep the caller's members, all the way down. */
function addReasoning(body: JsonObject, members: JsonObject): void {
  for (const name in members) body[name] = joined(body[name], members[name]);
}

function joined(own: unknown, added: unknown): unknown {
  if (!isJsonObject(own) || !isJsonObject(added)) return added;
  const result = { ...own };
  for (const name in added) result[name] = joined(own[name], added[name]);
  return result;
}

interface Prepared {
  readonly url: string;
  readonly embeddingsUrl: string;
  readonly responsesUrl: string;
  readonly streamHeaders: Readonly<Record<string, string>>;
  readonly wholeHeaders: Readonly<Record<string, string>>;
  readonly apiKey: string | null;
}

const MAX_PREPARED = 1000;

/** By base URL, the latest key with each: the same few for every request. */
const prepared = new Map<string, Prepared>();

/** Where a call goes and with which headers; made once for each target. */
export function addressOf(target: ProviderTarget): Prepared {
  const place = target.deploymentUrl ?? target.baseUrl;
  const known = prepared.get(place);
  if (known !== undefined && known.apiKey === target.apiKey) return known;
  const fresh: Prepared = {
    url: target.deploymentUrl ?? `${target.baseUrl}/chat/completions`,
    embeddingsUrl: `${target.baseUrl}/embeddings`,
    responsesUrl: `${target.baseUrl}/responses`,
    streamHeaders: headersFor(target, 'text/event-stream'),
    wholeHeaders: headersFor(target, 'application/json'),
    apiKey: target.apiKey,
  };
  if (prepared.size >= MAX_PREPARED) prepared.clear();
  prepared.set(place, fresh);
  return fresh;
}

function headersFor(
  { apiKey, deploymentUrl }: ProviderTarget,
  accept: string,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept,
    // Compressed answers would be inflated here only to be read and sent on.
    'accept-encoding': 'identity',
    'user-agent': 'turnpike',
  };
  if (apiKey !== null && deploymentUrl !== undefined) headers['api-key'] = apiKey;
  else if (apiKey !== null) headers['authorization'] = `Bearer ${apiKey}`;
  return Object.freeze(headers);
}
