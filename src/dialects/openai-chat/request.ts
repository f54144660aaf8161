/**
 * The chat request as the rest of the gateway knows it: checked by hand, because this runs for every request, and with every
 * member that we do not know left in place for the provider. Rules: OpenRouter's chat parameters.
 */
import { type MediaKind, NO_MEDIA, withKind } from '../../chat/media.ts';
import type { ChatPayload, ChatPrompt, DialectName, ReasoningWish } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { parseRouting } from '../../routing/preferences.ts';
import { parseRouterSettings } from '../../routing/router-settings.ts';
import { parseTierWish } from '../../routing/tiers.ts';
import type { InferenceRequest } from '../dialect.ts';
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

import { promptOf } from './prompt.ts';
import { unpricedMembers } from './unpriced.ts';

/** Members that steer the gateway and mean nothing to a provider. */
const GATEWAY_MEMBERS = new Set([
  'model',
  'models',
  'stream',
  'stream_options',
  'provider',
  'route',
  'preset',
  'plugins',
  'transforms',
  'usage',
  'session_id',
  'trace',
  'debug',
  'metadata',
  'user',
  'include_reasoning',
  'reasoning',
  'reasoning_effort',
  'stop_server_tools_when',
  'max_tool_calls',
]);

/** Members that `supported_parameters` speaks of. */
const PARAMETERS = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'prediction',
  'seed',
  'response_format',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'verbosity',
  'web_search_options',
]);

/** Throws a 400 that names the member. `bodyBytes` is the size of the text that `body` was parsed from. */
export function parseChatRequest(body: JsonObject, bodyBytes: number): InferenceRequest {
  return parseChatBody(body, bodyBytes, { dialect: 'openai-chat', body });
}

/**
 * A request whose chat body is `body`, and which came as `native`: the same, but where another dialect of OpenAI's was translated
 * into this one.
 */
export function parseChatBody(
  body: JsonObject,
  bodyBytes: number,
  native: { readonly dialect: DialectName; readonly body: JsonObject },
): InferenceRequest {
  const modelIds = parseModelIds(body);
  const media = checkMessages(body['messages']);
  checkParameters(body);
  refuseUnavailable(body);
  const reasoning = parseReasoning(body);
  const forwarded: JsonObject = {};
  const usedParameters: string[] = [];
  for (const name in body) {
    const value = body[name];
    if (GATEWAY_MEMBERS.has(name) || saysNothing(name, body)) continue;
    forwarded[name] = value;
    if (PARAMETERS.has(name)) usedParameters.push(name);
  }
  if (reasoning !== null) usedParameters.push('reasoning');
  return {
    operation: 'chat',
    modelIds,
    stream: optionalBoolean(body, 'stream') ?? false,
    size: {
      // A byte-level tokenizer never makes more tokens than bytes.
      promptTokensBound: media.hasMedia ? null : bodyBytes,
      imageCount: media.imageCount,
      choices: optionalInteger(body, 'n', 1, 128) ?? 1,
      maxTokens: parseMaxTokens(body),
    },
    mediaKinds: media.kinds,
    bodyBytes,
    preferences: parseRouting(body),
    tierWish: parseTierWish(body),
    routerSettings: parseRouterSettings(body['plugins']),
    usedParameters,
    unpriced: unpricedMembers(forwarded),
    payload: payloadOf(native, forwarded, reasoning, media.mayBeSealed),
    sessionId: boundedText(body, 'session_id', 256),
    user: boundedText(body, 'user', 1024),
    echoesUpstreamBody: echoesUpstreamBody(body),
    remembered: null,
  };
}

/** Lists that are the same as none when they are empty, which vendors refuse. */
const LISTS = new Set(['tools', 'functions', 'stop']);

/** What a client's library fills in without being asked, and vendors refuse: an empty list, and how to use tools that are not there. */
function saysNothing(name: string, body: JsonObject): boolean {
  const value = body[name];
  if (value === undefined || value === null) return true;
  if (LISTS.has(name)) return Array.isArray(value) && value.length === 0;
  if (name === 'parallel_tool_calls') return saysNothing('tools', body);
  // Whoever insists on a tool and names none has made a mistake, and hears of it.
  return name === 'tool_choice' && (value === 'auto' || value === 'none') && saysNothing('tools', body);
}

function payloadOf(
  native: { readonly dialect: DialectName; readonly body: JsonObject },
  forwarded: JsonObject,
  reasoning: ReasoningWish | null,
  mayBeSealed: boolean,
): ChatPayload {
  let prompt: ChatPrompt | undefined;
  return {
    mayBeSealed,
    native: native.dialect === 'openai-chat' ? { dialect: native.dialect, body: forwarded } : native,
    reasoning,
    // Each provider of another format asks for it, more than once.
    prompt: () => {
      prompt ??= promptOf(forwarded);
      return prompt;
    },
  };
}

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);
/** Bytes bound the tokens of these alone: a short URL, or a small file, may be worth thousands, whatever a vendor calls it. */
const TEXT_PARTS = new Set(['text', 'input_text', 'output_text', 'refusal', 'thinking']);
const KINDS = new Map<string, MediaKind>([
  ...(['image_url', 'input_image', 'image'] as const).map((type) => [type, 'image'] as const),
  ...(['input_audio', 'audio_url'] as const).map((type) => [type, 'audio'] as const),
  ...(['video_url', 'input_video'] as const).map((type) => [type, 'video'] as const),
  ...(['file', 'input_file'] as const).map((type) => [type, 'file'] as const),
]);
/** Of an earlier answer, which may be named by its id alone. */
const MEDIA_MEMBERS = ['audio', 'images'];

interface MessageFacts {
  readonly imageCount: number;
  readonly hasMedia: boolean;
  readonly kinds: readonly MediaKind[];
  readonly mayBeSealed: boolean;
}

/** Checks the messages and says what they hold besides text. */
function checkMessages(messages: unknown): MessageFacts {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalidRequest('messages must be a list of at least one message');
  }
  let imageCount = 0;
  let hasMedia = false;
  let kinds = NO_MEDIA;
  let mayBeSealed = false;
  for (let at = 0; at < messages.length; at++) {
    const message: unknown = messages[at];
    if (!isJsonObject(message)) throw invalidRequest(`messages[${at}] must be an object`);
    const role = message['role'];
    if (typeof role !== 'string' || !ROLES.has(role)) {
      throw invalidRequest(`messages[${at}].role must be one of ${[...ROLES].join(', ')}`);
    }
    if (role === 'tool' && typeof message['tool_call_id'] !== 'string') {
      throw invalidRequest(`messages[${at}].tool_call_id is missing`);
    }
    hasMedia ||= MEDIA_MEMBERS.some((name) => (message[name] ?? null) !== null);
    mayBeSealed ||= role === 'assistant' && hasSealable(message);
    const content = message['content'];
    if (typeof content === 'string') continue;
    if (Array.isArray(content)) {
      for (const [position, part] of content.entries()) {
        if (!isJsonObject(part) || typeof part['type'] !== 'string') {
          throw invalidRequest(`messages[${at}].content[${position}] must be an object with a type`);
        }
        if (TEXT_PARTS.has(part['type'])) continue;
        const kind = KINDS.get(part['type']);
        hasMedia = true;
        kinds = withKind(kinds, kind);
        if (kind === 'image') imageCount += 1;
      }
    } else if ((content !== null && content !== undefined) || (role !== 'assistant' && role !== 'function')) {
      throw invalidRequest(`messages[${at}].content must be text or a list of parts`);
    }
  }
  return { imageCount, hasMedia, kinds, mayBeSealed };
}

/** Details of a thought, and what stands beside a call. */
function hasSealable({ reasoning_details: details, tool_calls: calls }: JsonObject): boolean {
  if (Array.isArray(details)) return true;
  return Array.isArray(calls) && calls.some((call) => call?.['extra_content'] !== undefined);
}

function checkParameters(body: JsonObject): void {
  optionalNumber(body, 'temperature', 0, 2);
  optionalNumber(body, 'top_p', 0, 1);
  optionalInteger(body, 'top_k', 0);
  optionalNumber(body, 'min_p', 0, 1);
  optionalNumber(body, 'top_a', 0, 1);
  optionalNumber(body, 'frequency_penalty', -2, 2);
  optionalNumber(body, 'presence_penalty', -2, 2);
  optionalNumber(body, 'repetition_penalty', 0, 2);
  optionalInteger(body, 'seed', Number.MIN_SAFE_INTEGER);
  optionalBoolean(body, 'logprobs');
  optionalBoolean(body, 'parallel_tool_calls');
  const top = optionalInteger(body, 'top_logprobs', 0, 20);
  if (top !== null && body['logprobs'] !== true)
    throw invalidRequest('top_logprobs needs logprobs to be true');
  checkStop(body['stop']);
  checkTools(body);
  checkResponseFormat(body['response_format']);
  checkMetadata(body['metadata']);
}

function checkStop(stop: unknown): void {
  if (stop === undefined || stop === null || typeof stop === 'string') return;
  const isList = Array.isArray(stop) && stop.length <= 4 && stop.every((item) => typeof item === 'string');
  if (!isList) throw invalidRequest('stop must be text or a list of at most 4 texts');
}

function checkTools(body: JsonObject): void {
  const tools = body['tools'];
  if (tools !== undefined && tools !== null) {
    if (!Array.isArray(tools)) throw invalidRequest('tools must be a list');
    for (const [position, tool] of tools.entries()) {
      if (!isJsonObject(tool) || typeof tool['type'] !== 'string') {
        throw invalidRequest(`tools[${position}] must be an object with a type`);
      }
      if (
        tool['type'] === 'function' &&
        !(isJsonObject(tool['function']) && typeof tool['function']['name'] === 'string')
      ) {
        throw invalidRequest(`tools[${position}].function.name is missing`);
      }
    }
  }
  const choice = body['tool_choice'];
  if (choice === undefined || choice === null || isJsonObject(choice)) return;
  if (choice !== 'auto' && choice !== 'none' && choice !== 'required') {
    throw invalidRequest('tool_choice must be "auto", "none", "required" or an object that names a tool');
  }
}

const FORMATS = new Set(['text', 'json_object', 'json_schema', 'grammar', 'python']);

function checkResponseFormat(format: unknown): void {
  if (format === undefined || format === null) return;
  if (!isJsonObject(format) || typeof format['type'] !== 'string' || !FORMATS.has(format['type'])) {
    throw invalidRequest(`response_format.type must be one of ${[...FORMATS].join(', ')}`);
  }
  if (format['type'] !== 'json_schema') return;
  const schema = format['json_schema'];
  const name = isJsonObject(schema) ? schema['name'] : undefined;
  if (typeof name !== 'string' || name === '' || name.length > 64) {
    throw invalidRequest('response_format.json_schema.name must be text of 1 to 64 characters');
  }
}

/** What would change the answer and is not built yet is refused by its name, not ignored and not left to the provider. */
function refuseUnavailable(body: JsonObject): void {
  refuseUnbuilt(body);
  for (const name of ['web_search_options', 'deferred_tools']) {
    if ((body[name] ?? null) !== null) throw invalidRequest(`${name} is not available on this gateway`);
  }
  const tools = Array.isArray(body['tools']) ? body['tools'] : [];
  for (const [position, { type }] of tools.entries()) {
    if (isServerTool(type))
      throw invalidRequest(`tools[${position}]: ${type} is not available on this gateway`);
  }
  const choice = body['tool_choice'];
  if (isJsonObject(choice) && isServerTool(choice['type']))
    throw invalidRequest(`tool_choice: ${choice['type']} is not available on this gateway`);
}

/** Tools that the gateway itself would run. */
function isServerTool(type: unknown): boolean {
  return typeof type === 'string' && (type.startsWith('openrouter:') || type.startsWith('web_search'));
}

/** `reasoning`, `reasoning_effort` and `include_reasoning` as one wish; null when none of them says anything. */
function parseReasoning(body: JsonObject): ReasoningWish | null {
  const reasoning = body['reasoning'] ?? null;
  if (reasoning !== null && !isJsonObject(reasoning)) throw invalidRequest('reasoning must be an object');
  const effort = parseEffort(body['reasoning_effort']);
  const ownEffort = parseEffort(reasoning?.['effort']);
  if (effort !== null && ownEffort !== null && effort !== ownEffort)
    throw invalidRequest('reasoning_effort and reasoning.effort contradict each other');
  const included = optionalBoolean(body, 'include_reasoning');
  if (reasoning === null && effort === null && included === null) return null;
  const { enabled = null, exclude = null, summary = null } = reasoning ?? {};
  if (enabled !== null && typeof enabled !== 'boolean')
    throw invalidRequest('reasoning.enabled must be true or false');
  if (exclude !== null && typeof exclude !== 'boolean')
    throw invalidRequest('reasoning.exclude must be true or false');
  return {
    enabled: (ownEffort ?? effort) === 'none' ? false : enabled,
    effort: ownEffort ?? effort,
    maxTokens: parseReasoningTokens(reasoning?.['max_tokens']),
    exclude: exclude ?? included === false,
    summary: typeof summary === 'string' ? summary : null,
  };
}

function parseMaxTokens(body: JsonObject): number | null {
  const preferred = optionalInteger(body, 'max_completion_tokens', 1);
  const old = optionalInteger(body, 'max_tokens', 1);
  return preferred ?? old;
}
