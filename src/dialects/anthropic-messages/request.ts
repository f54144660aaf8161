/**
 * The Messages request as the rest of the gateway knows it: checked by hand, because this runs for every request, and with every
 * member and block that we do not know left in place for the provider. Rules: Anthropic's Messages API, and OpenRouter's extras.
 */
import { containerIdOf, sealerOf } from '../../chat/origin.ts';
import type { ChatPayload, ReasoningWish } from '../../chat/prompt.ts';
import { invalidRequest, TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { estimatedPromptTokens } from '../../metering/prompt-estimate.ts';
import { parseRouting } from '../../routing/preferences.ts';
import { parseRouterSettings } from '../../routing/router-settings.ts';
import { parseTierWish } from '../../routing/tiers.ts';
import type { InferenceRequest, RequestFrame } from '../dialect.ts';
import {
  boundedText,
  echoesUpstreamBody,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  parseModelIds,
} from '../request-members.ts';
import { refuseUnbuilt } from '../unbuilt.ts';
import { callerOf } from './caller.ts';
import { checkedContent } from './content-facts.ts';
import { knownEffort } from './effort.ts';
import { ownHeaders } from './own-headers.ts';
import { promptOf } from './prompt.ts';
import { isForeign } from './sealed.ts';
import { unpricedMembers } from './unpriced.ts';

/** Members that steer the gateway and mean nothing to a provider. */
const GATEWAY_MEMBERS = new Set([
  ...['model', 'models', 'fallbacks', 'stream', 'provider', 'route', 'preset', 'plugins', 'transforms'],
  ...['session_id', 'trace', 'debug', 'user', 'stop_server_tools_when', 'usage'],
]);

/** Throws a 400 that names the member. `bodyBytes` is the size of the text that `body` was parsed from. */
export function parseMessagesRequest(
  body: JsonObject,
  bodyBytes: number,
  frame: RequestFrame,
): InferenceRequest {
  const modelIds = parseModelIds(withFallbacks(body));
  const content = checkedContent(body, isForeign);
  const maxTokens = optionalInteger(body, 'max_tokens', 1);
  checkParameters(body);
  refuseUnbuilt(body);
  refuseServerTools(body['tools']);
  refuseUnknownContainer(body);
  const headers = ownHeaders(frame.headers);
  const reasoning = parseReasoning(body, content.effort, maxTokens, headers);
  const forwarded: JsonObject = {};
  for (const name in body) {
    const value = body[name];
    if (!GATEWAY_MEMBERS.has(name) && value !== undefined && value !== null) forwarded[name] = value;
  }
  const payload: ChatPayload = {
    native: {
      dialect: 'anthropic-messages',
      body: content.hasForeign ? withoutForeign(forwarded) : forwarded,
      headers,
    },
    reasoning,
    mayBeSealed: content.hasForeign || containerIdOf(forwarded) !== null,
    hidesSeals: content.hasForeign,
    prompt: () => promptOf(forwarded),
  };
  const { user, sessionId } = callerOf(body['metadata'], frame.headers);
  return {
    operation: 'chat',
    modelIds,
    stream: optionalBoolean(body, 'stream') ?? false,
    size: {
      // A byte-level tokenizer never makes more tokens than bytes.
      promptTokensBound: content.hasMedia ? null : bodyBytes,
      imageCount: content.imageCount,
      choices: 1,
      maxTokens,
    },
    mediaKinds: content.kinds,
    bodyBytes,
    preferences: parseRouting(body),
    tierWish: parseTierWish(body),
    routerSettings: parseRouterSettings(body['plugins']),
    usedParameters: usedParameters(forwarded, reasoning),
    unpriced: unpricedMembers(forwarded),
    payload,
    sessionId: boundedText(body, 'session_id', 256) ?? sessionId,
    user: boundedText(body, 'user', 1024) ?? user,
    echoesUpstreamBody: echoesUpstreamBody(body),
    // The first event of a stream says how long the prompt is; some providers tell that in their last one.
    remembered: { prompt_tokens: estimatedPromptTokens(payload) },
  };
}

const MOST_FALLBACKS = 3;

/** `fallbacks` is another way to write `models`: at most three objects that name a model and nothing else. */
function withFallbacks(body: JsonObject): JsonObject {
  const fallbacks = body['fallbacks'] ?? null;
  if (fallbacks === null) return body;
  if ((body['models'] ?? null) !== null) throw invalidRequest('fallbacks and models exclude each other');
  if (!Array.isArray(fallbacks) || fallbacks.length > MOST_FALLBACKS)
    throw invalidRequest(`fallbacks must be a list of at most ${MOST_FALLBACKS} models`);
  const ids = fallbacks.map((fallback, at) => {
    if (!isJsonObject(fallback) || typeof fallback['model'] !== 'string')
      throw invalidRequest(`fallbacks[${at}].model must be the id of a model`);
    const other = Object.keys(fallback).find((name) => name !== 'model');
    if (other !== undefined) throw invalidRequest(`fallbacks[${at}] may name only a model, not ${other}`);
    return fallback['model'];
  });
  return { model: body['model'], models: ids };
}

function checkParameters(body: JsonObject): void {
  optionalNumber(body, 'temperature', 0, 1);
  optionalNumber(body, 'top_p', 0, 1);
  optionalInteger(body, 'top_k', 0);
  const stop = body['stop_sequences'] ?? [];
  if (!Array.isArray(stop) || !stop.every((text) => typeof text === 'string'))
    throw invalidRequest('stop_sequences must be a list of texts');
  const tools = body['tools'] ?? [];
  if (!Array.isArray(tools)) throw invalidRequest('tools must be a list');
  for (const [at, tool] of tools.entries()) {
    if (!isJsonObject(tool)) throw invalidRequest(`tools[${at}] must be an object`);
    const isCustom = (tool['type'] ?? 'custom') === 'custom';
    if (isCustom && typeof tool['name'] !== 'string') throw invalidRequest(`tools[${at}].name is missing`);
  }
  for (const name of ['tool_choice', 'thinking', 'output_config', 'metadata']) {
    const value = body[name] ?? null;
    if (value !== null && !isJsonObject(value)) throw invalidRequest(`${name} must be an object`);
  }
}

/** One that no answer of ours named is unknown, though the provider may have it: it may be somebody else's. */
function refuseUnknownContainer(body: JsonObject): void {
  const id = containerIdOf(body);
  if (id === null || sealerOf(id) !== null) return;
  throw new TurnpikeError('not_found', { message: `container: ${id.slice(0, 128)} was not found` });
}

/** Tools that the gateway itself would run. */
function refuseServerTools(tools: unknown): void {
  if (!Array.isArray(tools)) return;
  for (const [at, { type }] of tools.entries()) {
    if (typeof type === 'string' && type.startsWith('openrouter:'))
      throw invalidRequest(`tools[${at}]: ${type} is not available on this gateway`);
  }
}

const LEAST_BUDGET = 1024;

/** Null: the caller said nothing about it. `latestEffort` is that of a message, which holds from there on. */
function parseReasoning(
  body: JsonObject,
  latestEffort: unknown,
  maxTokens: number | null,
  headers: Readonly<Record<string, string>>,
): ReasoningWish | null {
  const thinking = isJsonObject(body['thinking']) ? body['thinking'] : null;
  const config = isJsonObject(body['output_config']) ? body['output_config'] : null;
  const asked = latestEffort ?? config?.['effort'] ?? null;
  if (thinking === null && asked === null) return null;
  const type = thinking?.['type'];
  return {
    enabled: type === 'enabled' ? true : type === 'disabled' ? false : null,
    effort: knownEffort(asked),
    maxTokens: type === 'enabled' ? budgetOf(thinking?.['budget_tokens'], maxTokens, headers) : null,
    exclude: thinking?.['display'] === 'omitted',
    summary: null,
  };
}

/** Between tool calls thoughts may take more than one answer has: then the cap does not bound the budget. */
function budgetOf(
  budget: unknown,
  maxTokens: number | null,
  headers: Readonly<Record<string, string>>,
): number | null {
  if (budget === undefined || budget === null) return null;
  if (typeof budget !== 'number' || !Number.isInteger(budget) || budget < LEAST_BUDGET)
    throw invalidRequest(`thinking.budget_tokens must be an integer of at least ${LEAST_BUDGET}`);
  const isInterleaved = headers['anthropic-beta']?.includes('interleaved-thinking') === true;
  if (maxTokens !== null && budget >= maxTokens && !isInterleaved)
    throw invalidRequest('max_tokens must be greater than thinking.budget_tokens');
  return budget;
}

/** Under the names of `supported_parameters`. */
function usedParameters(body: JsonObject, reasoning: ReasoningWish | null): string[] {
  const used = ['temperature', 'top_p', 'top_k', 'tools', 'tool_choice'].filter((name) => name in body);
  if (Array.isArray(body['stop_sequences']) && body['stop_sequences'].length > 0) used.push('stop');
  const choice = body['tool_choice'];
  if (isJsonObject(choice) && typeof choice['disable_parallel_tool_use'] === 'boolean')
    used.push('parallel_tool_calls');
  const config = isJsonObject(body['output_config']) ? body['output_config'] : {};
  if (isJsonObject(config['format']) || isJsonObject(body['output_format'])) used.push('response_format');
  if (reasoning !== null) used.push('reasoning');
  return used;
}

/** For whoever reads this dialect: without thoughts of other vendors, whose seals it would refuse. */
function withoutForeign(body: JsonObject): JsonObject {
  const messages = (body['messages'] as JsonObject[]).flatMap((message) => {
    const content = message['content'];
    if (!Array.isArray(content) || !content.some(isForeign)) return [message];
    const kept = content.filter((block) => !isForeign(block));
    return kept.length === 0 ? [] : [{ ...message, content: kept }];
  });
  return { ...body, messages };
}
