/**
 * A request of Google's `generateContent` as the rest of the gateway knows it: checked by hand where money and other vendors depend on
 * it, and with every member that we do not know left in place. Rules: Google's API reference of `models.generateContent`.
 */
import { kindOfMediaType, type MediaKind, NO_MEDIA, withKind } from '../../chat/media.ts';
import type { ReasoningWish } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { parsePreferences } from '../../routing/preferences.ts';
import { tierWishOf } from '../../routing/tiers.ts';
import type { InferenceRequest, RequestFrame } from '../dialect.ts';
import { boundedText } from '../request-members.ts';
import { askedOf, modelOf } from './method.ts';
import { promptOf } from './prompt.ts';
import { isForeign } from './signature.ts';
import { inCamelCase } from './spelling.ts';
import { unpricedMembers } from './unpriced.ts';

/** Members that steer the gateway: OpenRouter's, which Google would refuse. */
const GATEWAY_MEMBERS = new Set(['model', 'models', 'provider', 'session_id', 'user']);

/** What `supported_parameters` calls the settings. */
const PARAMETERS: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  stopSequences: 'stop',
  responseLogprobs: 'logprobs',
  logprobs: 'top_logprobs',
  responseSchema: 'response_format',
  responseJsonSchema: 'response_format',
  thinkingConfig: 'reasoning',
};

/** Throws a 400 that names the member. `bodyBytes` is the size of the text that `sent` was parsed from. */
export function parseGoogleRequest(
  sent: JsonObject,
  bodyBytes: number,
  frame: RequestFrame,
): InferenceRequest {
  const { model, method } = askedOf(frame.params);
  const spelt = inCamelCase(sent);
  const body: JsonObject = {};
  for (const name in spelt) {
    if (!GATEWAY_MEMBERS.has(name) && (spelt[name] ?? null) !== null) body[name] = spelt[name];
  }
  const { imageCount, hasMedia, kinds, mayBeSealed } = mediaOf(body);
  checkTools(body);
  const own = withoutForeignSignatures(body);
  const settings = settingsOf(body);
  const reasoning = reasoningOf(settings);
  return {
    operation: 'chat',
    modelIds: modelIdsOf(model, sent['models']),
    stream: method === 'streamGenerateContent',
    preferences: parsePreferences(sent['provider']),
    tierWish: typeof body['serviceTier'] === 'string' ? tierWishOf(body['serviceTier']) : null,
    size: {
      // A byte-level tokenizer never makes more tokens than bytes; what is named by an address or an id may have any number.
      promptTokensBound: hasMedia || body['cachedContent'] !== undefined ? null : bodyBytes,
      imageCount,
      choices: integerOf(settings, 'candidateCount', 1, 8) ?? 1,
      maxTokens: integerOf(settings, 'maxOutputTokens', 1),
    },
    mediaKinds: kinds,
    bodyBytes,
    usedParameters: usedParametersOf(body, settings),
    unpriced: unpricedMembers(body),
    payload: {
      native: { dialect: 'google-generate', body: own },
      reasoning,
      mayBeSealed,
      hidesSeals: own !== body,
      prompt: () => promptOf(body),
    },
    sessionId: boundedText(sent, 'session_id', 256),
    user: boundedText(sent, 'user', 1024),
    echoesUpstreamBody: false,
    // Thoughts are shown to whoever asks for them, and to nobody else.
    remembered: includesThoughts(settings) ? { includesThoughts: true } : null,
  };
}

function modelIdsOf(model: string, more: unknown): readonly string[] {
  const models = more ?? [];
  if (!Array.isArray(models) || !models.every((id) => typeof id === 'string' && id !== ''))
    throw invalidRequest('models must be a list of model ids');
  const ids = new Set([model, ...models.map(modelOf)]);
  if (ids.size > 32) throw invalidRequest('models must name at most 32 models');
  return [...ids];
}

const ROLES = new Set(['user', 'model', 'function', 'system']);
/** Bytes bound the tokens of parts that have nothing but these. */
const TEXT_MEMBERS = new Set([
  ...['text', 'thought', 'thoughtSignature', 'functionCall', 'functionResponse', 'executableCode'],
  ...['codeExecutionResult', 'partMetadata'],
]);

interface ContentFacts {
  readonly imageCount: number;
  readonly hasMedia: boolean;
  readonly kinds: readonly MediaKind[];
  readonly mayBeSealed: boolean;
}

/** Of the conversation and of the instruction beside it. */
function mediaOf(body: JsonObject): ContentFacts {
  const said = checkContents(body['contents'], 'contents');
  if (body['systemInstruction'] === undefined) return said;
  const instructed = checkContents([body['systemInstruction']], 'systemInstruction');
  return {
    imageCount: said.imageCount + instructed.imageCount,
    hasMedia: said.hasMedia || instructed.hasMedia,
    kinds: instructed.kinds.reduce(withKind, said.kinds),
    mayBeSealed: said.mayBeSealed,
  };
}

function checkContents(contents: unknown, where: string): ContentFacts {
  if (!Array.isArray(contents) || contents.length === 0)
    throw invalidRequest(`${where} must be a list of at least one content`);
  let imageCount = 0;
  let hasMedia = false;
  let kinds = NO_MEDIA;
  let mayBeSealed = false;
  for (const [at, content] of contents.entries()) {
    const path = where === 'contents' ? `contents[${at}]` : where;
    if (!isJsonObject(content)) throw invalidRequest(`${path} must be an object with parts`);
    const role = content['role'] ?? null;
    if (role !== null && (typeof role !== 'string' || (role !== '' && !ROLES.has(role))))
      throw invalidRequest(`${path}.role must be "user" or "model"`);
    const parts = content['parts'] ?? [];
    if (content['parts'] === undefined && Object.keys(content).some((name) => name !== 'role'))
      throw invalidRequest(`${path} must have its text and whatever else in parts`);
    if (!Array.isArray(parts)) throw invalidRequest(`${path}.parts must be a list`);
    for (const [position, part] of parts.entries()) {
      if (!isJsonObject(part)) throw invalidRequest(`${path}.parts[${position}] must be an object`);
      checkPart(part, `${path}.parts[${position}]`);
      if (isMedia(part)) {
        hasMedia = true;
        for (const kind of kindsIn(part)) {
          kinds = withKind(kinds, kind);
          if (kind === 'image') imageCount += 1;
        }
      }
      mayBeSealed ||= part['thoughtSignature'] !== undefined;
    }
  }
  return { imageCount, hasMedia, kinds, mayBeSealed };
}

function checkPart(part: JsonObject, path: string): void {
  const text = part['text'] ?? null;
  if (text !== null && typeof text !== 'string') throw invalidRequest(`${path}.text must be text`);
  for (const name of ['functionCall', 'functionResponse']) {
    const value = part[name] ?? null;
    if (value === null) continue;
    if (!isJsonObject(value) || typeof value['name'] !== 'string')
      throw invalidRequest(`${path}.${name}.name is missing`);
    const data = value[name === 'functionCall' ? 'args' : 'response'] ?? null;
    if (data !== null && !isJsonObject(data))
      throw invalidRequest(
        `${path}.${name}.${name === 'functionCall' ? 'args' : 'response'} must be an object`,
      );
  }
}

function isMedia(part: JsonObject): boolean {
  if (Object.keys(part).some((name) => (part[name] ?? null) !== null && !TEXT_MEMBERS.has(name))) return true;
  const response = part['functionResponse'];
  return isJsonObject(response) && Array.isArray(response['parts']) && response['parts'].length > 0;
}

/** Of each piece of data, also in a result; one that does not say what it is (a film on YouTube) is not told. */
function kindsIn(part: JsonObject): readonly MediaKind[] {
  const response = part['functionResponse'];
  const inner = isJsonObject(response) && Array.isArray(response['parts']) ? response['parts'] : [];
  return [part, ...inner].flatMap((holder) => {
    const data = isJsonObject(holder) ? (holder['inlineData'] ?? holder['fileData']) : null;
    const mediaType = isJsonObject(data) ? data['mimeType'] : null;
    return typeof mediaType === 'string' && mediaType !== '' ? [kindOfMediaType(mediaType)] : [];
  });
}

function checkTools(body: JsonObject): void {
  const tools = body['tools'] ?? [];
  if (!Array.isArray(tools)) throw invalidRequest('tools must be a list');
  for (const [at, tool] of tools.entries()) {
    if (!isJsonObject(tool)) throw invalidRequest(`tools[${at}] must be an object`);
    const functions = tool['functionDeclarations'] ?? [];
    if (!Array.isArray(functions)) throw invalidRequest(`tools[${at}].functionDeclarations must be a list`);
    for (const [position, fn] of functions.entries()) {
      if (!isJsonObject(fn) || typeof fn['name'] !== 'string')
        throw invalidRequest(`tools[${at}].functionDeclarations[${position}].name is missing`);
    }
  }
}

function settingsOf(body: JsonObject): JsonObject {
  const settings = body['generationConfig'] ?? {};
  if (!isJsonObject(settings)) throw invalidRequest('generationConfig must be an object');
  for (const name of ['temperature', 'topP', 'presencePenalty', 'frequencyPenalty']) {
    const value = settings[name] ?? null;
    if (value !== null && typeof value !== 'number')
      throw invalidRequest(`generationConfig.${name} must be a number`);
  }
  const stop = settings['stopSequences'] ?? [];
  if (!Array.isArray(stop) || stop.length > 5 || !stop.every((text) => typeof text === 'string'))
    throw invalidRequest('generationConfig.stopSequences must be a list of at most 5 texts');
  integerOf(settings, 'seed', Number.MIN_SAFE_INTEGER);
  return settings;
}

const LEVELS = ['minimal', 'low', 'medium', 'high'] as const;

function reasoningOf(settings: JsonObject): ReasoningWish | null {
  const config = settings['thinkingConfig'] ?? null;
  if (config === null) return null;
  if (!isJsonObject(config)) throw invalidRequest('generationConfig.thinkingConfig must be an object');
  const budget = integerOf(config, 'thinkingBudget', -1);
  const word = config['thinkingLevel'] ?? null;
  const level = LEVELS.find((known) => typeof word === 'string' && word.toLowerCase() === known) ?? null;
  const isUnsaid = word === null || word === 'THINKING_LEVEL_UNSPECIFIED';
  if (level === null && !isUnsaid)
    throw invalidRequest(`thinkingConfig.thinkingLevel must be one of ${LEVELS.join(', ')}`);
  return {
    enabled: budget === 0 ? false : budget === -1 ? true : null,
    effort: level,
    maxTokens: budget !== null && budget > 0 ? budget : null,
    exclude: config['includeThoughts'] !== true,
    summary: null,
  };
}

function includesThoughts(settings: JsonObject): boolean {
  const config = settings['thinkingConfig'];
  return isJsonObject(config) && config['includeThoughts'] === true;
}

function usedParametersOf(body: JsonObject, settings: JsonObject): readonly string[] {
  const used = new Set<string>();
  for (const name in settings) {
    const parameter = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    if (parameter !== undefined && (settings[name] ?? null) !== null) used.add(parameter);
  }
  if (settings['responseMimeType'] === 'application/json') used.add('response_format');
  if (Array.isArray(body['tools']) && body['tools'].length > 0) {
    used.add('tools');
    if (body['toolConfig'] !== undefined) used.add('tool_choice');
  }
  return [...used];
}

/** What other vendors signed, and Google cannot check, stays out of what Google is sent. */
function withoutForeignSignatures(body: JsonObject): JsonObject {
  const contents = body['contents'] as readonly JsonObject[];
  if (!contents.some(({ parts }) => Array.isArray(parts) && parts.some(isSignedByOthers))) return body;
  return { ...body, contents: contents.map(ownContent) };
}

const isSignedByOthers = (part: JsonObject): boolean => isForeign(part['thoughtSignature']);

function ownContent(content: JsonObject): JsonObject {
  const { parts } = content;
  if (!Array.isArray(parts) || !parts.some(isSignedByOthers)) return content;
  const own = parts
    .filter((part) => !(isSignedByOthers(part) && part['thought'] === true))
    .map((part) => {
      if (!isSignedByOthers(part)) return part;
      const { thoughtSignature: _, ...rest } = part;
      return rest;
    });
  // A content without parts is refused.
  return { ...content, parts: own.length === 0 ? [{ text: '' }] : own };
}

/** ProtoJSON writes an integer as a number or as a text of digits. */
export function integerOf(
  message: JsonObject,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | null {
  const sent = message[name];
  if (sent === undefined || sent === null) return null;
  const value = typeof sent === 'string' && /^-?\d{1,15}$/.test(sent) ? Number(sent) : sent;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw invalidRequest(`${name} must be an integer ${range}`);
  }
  return value;
}
