/**
 * A Responses request as the rest of the gateway knows it: checked by hand, and with every member that we do not know left in place
 * for a provider of the same API. Rules: OpenRouter's responses API; what Codex sends is never refused for being unknown.
 */
import { type MediaKind, NO_MEDIA, withKind } from '../../chat/media.ts';
import type { ChatPayload, ChatPrompt, ReasoningWish } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { parseRouting } from '../../routing/preferences.ts';
import { parseRouterSettings } from '../../routing/router-settings.ts';
import { parseTierWish } from '../../routing/tiers.ts';
import { listOf } from '../content.ts';
import type { InferenceRequest, RequestFrame } from '../dialect.ts';
import { unpricedMembers as unpricedElsewhere } from '../openai-chat/unpriced.ts';
import {
  boundedText,
  checkMetadata,
  echoesUpstreamBody,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  parseEffort,
  parseModelIds,
  parseReasoningTokens,
} from '../request-members.ts';
import { refuseUnbuilt } from '../unbuilt.ts';
import { parametersOf, promptOf } from './prompt.ts';
import { remember } from './remembered.ts';
import { MAX_CUSTOM_BYTES, type Tools, toolsOf } from './tools.ts';
import { unpricedMembers } from './unpriced.ts';

/** Members that steer the gateway and mean nothing to a provider. */
const GATEWAY_MEMBERS = new Set([
  ...['model', 'models', 'stream', 'provider', 'route', 'preset', 'plugins', 'transforms', 'usage'],
  ...['session_id', 'trace', 'debug', 'user', 'stop_server_tools_when'],
  // Each says what is so here anyway.
  ...['store', 'background', 'previous_response_id', 'conversation'],
]);

/** Throws a 400 that names the member. `bodyBytes` is the size of the text that `body` was parsed from. */
export function parseResponsesRequest(
  body: JsonObject,
  bodyBytes: number,
  frame: Pick<RequestFrame, 'headers'>,
): InferenceRequest {
  const modelIds = parseModelIds(body);
  refuseState(body);
  refuseUnavailable(body);
  checkParameters(body);
  checkTools(body);
  const media = checkInput(body);
  const tools = toolsOf(body);
  const reasoning = parseReasoning(body);
  const forwarded: JsonObject = {};
  for (const name in body) {
    if (!GATEWAY_MEMBERS.has(name) && body[name] !== undefined) forwarded[name] = body[name];
  }
  const customs = Object.values(tools.kinds).filter(({ type }) => type === 'custom').length;
  return {
    operation: 'chat',
    modelIds,
    stream: optionalBoolean(body, 'stream') ?? false,
    size: {
      // A byte-level tokenizer never makes more tokens than bytes.
      promptTokensBound: media.hasMedia ? null : bodyBytes + customs * MAX_CUSTOM_BYTES,
      imageCount: media.imageCount,
      choices: 1,
      maxTokens: optionalInteger(body, 'max_output_tokens', 1),
    },
    mediaKinds: media.kinds,
    bodyBytes,
    preferences: parseRouting(body),
    tierWish: parseTierWish(body),
    routerSettings: parseRouterSettings(body['plugins']),
    usedParameters: usedParameters(body, tools, reasoning),
    unpriced: unpricedMembers(forwarded),
    unpricedElsewhere: unpricedElsewhere(parametersOf(forwarded)),
    payload: payloadOf(forwarded, tools, reasoning, media.mayBeSealed),
    sessionId: boundedText(body, 'session_id', 256) ?? sessionOf(frame.headers),
    user: boundedText(body, 'user', 1024),
    echoesUpstreamBody: echoesUpstreamBody(body),
    remembered: remember(body, tools),
  };
}

function payloadOf(
  body: JsonObject,
  tools: Tools,
  reasoning: ReasoningWish | null,
  mayBeSealed: boolean,
): ChatPayload {
  let prompt: ChatPrompt | undefined;
  return {
    mayBeSealed,
    native: { dialect: 'openai-responses', body },
    reasoning,
    prompt() {
      prompt ??= promptOf(body, tools);
      return prompt;
    },
  };
}

/** Nothing is kept here between requests. */
function refuseState(body: JsonObject): void {
  if (body['store'] === true) throw invalidRequest('store must be false: responses are not stored here');
  optionalBoolean(body, 'store');
  if ((body['previous_response_id'] ?? null) !== null)
    throw invalidRequest('previous_response_id is not available here: send the whole conversation in input');
  if ((body['conversation'] ?? null) !== null)
    throw invalidRequest('conversation is not available here: send the whole conversation in input');
  if (optionalBoolean(body, 'background') === true)
    throw invalidRequest('background must be false: responses are not stored here');
}

/** What would change the answer and is not built yet is refused by its name, not ignored and not left to the provider. */
function refuseUnavailable(body: JsonObject): void {
  const { prompt } = body;
  refuseUnbuilt(body);
  if ((prompt ?? null) !== null) throw invalidRequest('prompt templates are not available on this gateway');
  for (const [position, { type }] of listOf(body['tools']).entries()) {
    if (typeof type === 'string' && type.startsWith('openrouter:'))
      throw invalidRequest(`tools[${position}]: ${type} is not available on this gateway`);
  }
}

function checkParameters(body: JsonObject): void {
  optionalNumber(body, 'temperature', 0, 2);
  optionalNumber(body, 'top_p', 0, 1);
  optionalInteger(body, 'top_k', 0);
  optionalNumber(body, 'frequency_penalty', -2, 2);
  optionalNumber(body, 'presence_penalty', -2, 2);
  optionalInteger(body, 'top_logprobs', 0, 20);
  optionalInteger(body, 'max_tool_calls', 1);
  optionalBoolean(body, 'parallel_tool_calls');
  checkMetadata(body['metadata']);
  const { truncation, include, instructions } = body;
  if ((truncation ?? null) !== null && truncation !== 'auto' && truncation !== 'disabled')
    throw invalidRequest('truncation must be "auto" or "disabled"');
  if ((include ?? null) !== null && !Array.isArray(include)) throw invalidRequest('include must be a list');
  if ((instructions ?? null) !== null && typeof instructions !== 'string' && !Array.isArray(instructions))
    throw invalidRequest('instructions must be text');
  checkFormat(body['text']);
}

const FORMATS = new Set<unknown>(['text', 'json_object', 'json_schema']);

function checkFormat(text: unknown): void {
  if ((text ?? null) === null) return;
  if (!isJsonObject(text)) throw invalidRequest('text must be an object');
  const format = text['format'] ?? null;
  if (format === null) return;
  if (!isJsonObject(format) || !FORMATS.has(format['type']))
    throw invalidRequest('text.format.type must be one of text, json_object, json_schema');
  if (format['type'] !== 'json_schema') return;
  const { name, schema } = format;
  if (typeof name !== 'string' || name === '' || name.length > 64)
    throw invalidRequest('text.format.name must be text of 1 to 64 characters');
  if (!isJsonObject(schema)) throw invalidRequest('text.format.schema must be an object');
}

function checkTools(body: JsonObject): void {
  const tools = body['tools'] ?? null;
  if (tools !== null) {
    if (!Array.isArray(tools)) throw invalidRequest('tools must be a list');
    for (const [position, tool] of tools.entries()) {
      if (!isJsonObject(tool) || typeof tool['type'] !== 'string')
        throw invalidRequest(`tools[${position}] must be an object with a type`);
      const told = isJsonObject(tool['function']) ? tool['function'] : tool;
      const isNamed = tool['type'] === 'function' || tool['type'] === 'custom';
      if (isNamed && (typeof told['name'] !== 'string' || told['name'] === ''))
        throw invalidRequest(`tools[${position}].name is missing`);
    }
  }
  const choice = body['tool_choice'] ?? null;
  if (choice === null || isJsonObject(choice)) return;
  if (choice !== 'auto' && choice !== 'none' && choice !== 'required')
    throw invalidRequest('tool_choice must be "auto", "none", "required" or an object that names a tool');
}

const ROLES = new Set<unknown>(['user', 'assistant', 'system', 'developer']);
/** Bytes bound the tokens of these alone: a short URL, or a small file, may be worth thousands. */
const TEXT_PARTS = new Set<unknown>([
  ...['input_text', 'output_text', 'text', 'summary_text', 'reasoning_text', 'refusal'],
]);
/** Items that are no longer than they are written. */
const TEXT_ITEMS = new Set<unknown>([
  ...['message', 'reasoning', 'function_call', 'function_call_output', 'custom_tool_call'],
  ...['custom_tool_call_output', 'tool_search_call', 'tool_search_output', 'additional_tools'],
  ...['configuration_update', 'mcp_call', 'mcp_list_tools', 'local_shell_call', 'local_shell_call_output'],
  ...['shell_call', 'shell_call_output', 'apply_patch_call', 'apply_patch_call_output'],
]);

const KINDS = new Map<unknown, MediaKind>([
  ['input_image', 'image'],
  ['input_audio', 'audio'],
  ['input_video', 'video'],
  ['input_file', 'file'],
]);

interface Media {
  imageCount: number;
  hasMedia: boolean;
  kinds: readonly MediaKind[];
  mayBeSealed: boolean;
}

/** Checks the items and says what they hold besides text. */
function checkInput({ input, instructions }: JsonObject): Media {
  const media: Media = { imageCount: 0, hasMedia: false, kinds: NO_MEDIA, mayBeSealed: false };
  if (Array.isArray(instructions)) checkItems('instructions', instructions, media);
  if (typeof input === 'string') return media;
  if (!Array.isArray(input)) throw invalidRequest('input must be text or a list of items');
  checkItems('input', input, media);
  return media;
}

function checkItems(name: string, items: readonly unknown[], media: Media): void {
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    if (!isJsonObject(item)) throw invalidRequest(`${name}[${at}] must be an object`);
    const type = item['type'] ?? (item['role'] === undefined ? 'item_reference' : 'message');
    if (type === 'item_reference')
      throw invalidRequest(
        `${name}[${at}]: responses are not stored here, so no item can be named by its id; send the item itself ("store": false makes clients do so)`,
      );
    media.mayBeSealed ||= item['encrypted_content'] !== undefined || item['extra_content'] !== undefined;
    if (type === 'message') checkMessage(`${name}[${at}]`, item, media);
    else if (!TEXT_ITEMS.has(type)) media.hasMedia = true;
    else if (Array.isArray(item['output'])) countParts(item['output'], media);
  }
}

function checkMessage(where: string, { role, content }: JsonObject, media: Media): void {
  if (!ROLES.has(role)) throw invalidRequest(`${where}.role must be one of ${[...ROLES].join(', ')}`);
  if (Array.isArray(content)) {
    if (!content.every(isJsonObject)) throw invalidRequest(`${where}.content must hold objects`);
    countParts(content, media);
  } else if (typeof content !== 'string' && (role !== 'assistant' || (content ?? null) !== null))
    throw invalidRequest(`${where}.content must be text or a list of parts`);
}

function countParts(parts: readonly unknown[], media: Media): void {
  for (const part of listOf(parts)) {
    const { type } = part;
    if (type === undefined || TEXT_PARTS.has(type)) continue;
    const kind = KINDS.get(type);
    media.hasMedia = true;
    media.kinds = withKind(media.kinds, kind);
    if (kind === 'image') media.imageCount += 1;
  }
}

function usedParameters(body: JsonObject, tools: Tools, reasoning: ReasoningWish | null): readonly string[] {
  const { text, parallel_tool_calls: parallel, tool_choice: choice } = body;
  const used = Object.keys(parametersOf(body));
  if (tools.functions.length > 0) {
    used.push('tools');
    if ((choice ?? null) !== null) used.push('tool_choice');
    if ((parallel ?? null) !== null) used.push('parallel_tool_calls');
  }
  const format = isJsonObject(text) ? text['format'] : null;
  if (isJsonObject(format) && format['type'] !== 'text') used.push('response_format');
  if (reasoning !== null) used.push('reasoning');
  return used;
}

/** `reasoning`, and what a `configuration_update` among the items has made of it since; null when nothing is said. */
function parseReasoning(body: JsonObject): ReasoningWish | null {
  const reasoning = body['reasoning'] ?? null;
  if (reasoning !== null && !isJsonObject(reasoning)) throw invalidRequest('reasoning must be an object');
  const updated = updatedEffort(body['input']);
  if (reasoning === null && updated === null) return null;
  const { enabled = null, summary = null, max_tokens } = reasoning ?? {};
  if (enabled !== null && typeof enabled !== 'boolean')
    throw invalidRequest('reasoning.enabled must be true or false');
  const effort = updated ?? parseEffort(reasoning?.['effort']);
  return {
    enabled: effort === 'none' ? false : enabled,
    effort,
    maxTokens: parseReasoningTokens(max_tokens),
    exclude: false,
    summary: textOrNull(summary),
  };
}

function updatedEffort(input: unknown): ReasoningWish['effort'] {
  let effort: ReasoningWish['effort'] = null;
  for (const item of listOf(input)) {
    if (item['type'] !== 'configuration_update' || !isJsonObject(item['reasoning'])) continue;
    effort = parseEffort(item['reasoning']['effort']) ?? effort;
  }
  return effort;
}

const SESSION_ID = /^[\x21-\x7e]{1,256}$/;

/** Codex names its session in a header of its own; `x-session-id` means the same to every door and is read there. */
function sessionOf(headers: Headers): string | null {
  if (headers.has('x-session-id')) return null;
  const id = headers.get('session-id') ?? headers.get('thread-id');
  return id !== null && SESSION_ID.test(id) ? id : null;
}
