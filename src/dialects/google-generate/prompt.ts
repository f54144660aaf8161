/** A request of Google's dialect as the typed prompt in the middle. It was checked and spelt in camel case before. */
import { kindOfMediaType } from '../../chat/media.ts';
import type {
  AnswerFormat,
  ChatMessage,
  ChatPrompt,
  FunctionTool,
  MediaPart,
  Part,
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
} from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { CallNames } from './call-names.ts';
import { jsonSchemaOf } from './schema.ts';
import { readSignature } from './signature.ts';
import { isTextOnly } from './unpriced.ts';

/** Throws a 400 for what only Google's own models can be asked: nothing of it is dropped in silence. */
export function promptOf(body: JsonObject): ChatPrompt {
  const settings = isJsonObject(body['generationConfig']) ? body['generationConfig'] : {};
  refuseGooglesOwn(body, settings);
  const { mode, names } = callingOf(body);
  const tools = listOf(body['tools']).flatMap(({ functionDeclarations }) =>
    listOf(functionDeclarations).map(functionToolOf),
  );
  return {
    messages: messagesOf(body),
    tools: names === null ? tools : tools.filter(({ name }) => names.includes(name)),
    toolChoice: toolChoiceOf(mode, names),
    parallelToolCalls: null,
    format: formatOf(settings),
    stop: listOfTexts(settings['stopSequences']),
    parameters: parametersOf(settings),
  };
}

/** They leave the answer as it is, or say what no other vendor has a switch for: its filters, and how closely it looks. */
const LEFT_BEHIND = new Set(['safetySettings', 'labels', 'store', 'serviceTier']);
const SAID = new Set(['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig']);
const SETTINGS_SAID = new Set([
  ...['temperature', 'topP', 'topK', 'maxOutputTokens', 'stopSequences', 'candidateCount', 'seed'],
  ...['presencePenalty', 'frequencyPenalty', 'responseLogprobs', 'logprobs', 'responseMimeType'],
  ...['responseSchema', 'responseJsonSchema', '_responseJsonSchema', 'thinkingConfig', 'mediaResolution'],
]);

function refuseGooglesOwn(body: JsonObject, settings: JsonObject): void {
  const tools = listOf(body['tools']).flatMap((tool) => Object.keys(tool));
  const foreign = [
    ...Object.keys(body).filter((name) => !SAID.has(name) && !LEFT_BEHIND.has(name)),
    ...tools.filter((name) => name !== 'functionDeclarations').map((name) => `tools.${name}`),
    ...Object.keys(settings)
      .filter((name) => (settings[name] ?? null) !== null && !SETTINGS_SAID.has(name))
      .filter((name) => !(name === 'responseModalities' && isTextOnly(settings[name])))
      .map((name) => `generationConfig.${name}`),
  ];
  if (foreign.length > 0)
    throw invalidRequest(
      `${foreign[0]} is understood by Google's own models only; this one has another provider`,
    );
}

function messagesOf(body: JsonObject): ChatMessage[] {
  const messages: ChatMessage[] = [];
  const names = new CallNames();
  const instruction = body['systemInstruction'];
  if (isJsonObject(instruction))
    messages.push({ role: 'system', name: null, parts: partsOf(instruction, names) });
  for (const content of listOf(body['contents'])) {
    const role = content['role'];
    const parts = wholeThoughts(partsOf(content, names));
    if (parts.length === 0) continue;
    const last = messages.at(-1);
    if (role === 'model' && last?.role === 'assistant')
      messages[messages.length - 1] = { ...last, parts: joined(last.parts, parts) };
    else if (role === 'model') messages.push({ role: 'assistant', name: null, parts });
    else if (role === 'system') messages.push({ role: 'system', name: null, parts });
    else messages.push(...userMessages(parts));
  }
  return messages;
}

/** Google's client keeps each chunk of a streamed answer as a content of its own: together they are one message. */
function joined(parts: readonly Part[], more: readonly Part[]): readonly Part[] {
  const last = parts.at(-1);
  const [first, ...rest] = more;
  if (last?.type === 'text' && first?.type === 'text')
    return [...parts.slice(0, -1), { ...last, text: last.text + first.text }, ...rest];
  return wholeThoughts([...parts, ...more]);
}

/** Others keep the pieces of a thought beside each other in one content: the signature behind them is of all that is before it. */
function wholeThoughts(parts: readonly Part[]): Part[] {
  const whole: Part[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    const goesOn = part.type === 'reasoning' && part.redacted === undefined;
    if (goesOn && last?.type === 'reasoning' && last.signature === undefined && last.redacted === undefined)
      whole[whole.length - 1] = { ...last, ...part, text: last.text + part.text };
    else whole.push(part);
  }
  return whole;
}

/** What functions gave back is a message of its own, in its place among what else the user says. */
function userMessages(parts: readonly Part[]): ChatMessage[] {
  const messages: { role: 'tool' | 'user'; name: null; parts: Part[] }[] = [];
  for (const part of parts) {
    const role = part.type === 'tool-result' ? 'tool' : 'user';
    const last = messages.at(-1);
    if (last?.role === role) last.parts.push(part);
    else messages.push({ role, name: null, parts: [part] });
  }
  return messages;
}

function partsOf(content: JsonObject, names: CallNames): Part[] {
  return listOf(content['parts']).flatMap((part) => partOf(part, names));
}

function partOf(part: JsonObject, names: CallNames): Part[] {
  const signed = readSignature(part['thoughtSignature']);
  const isSigned = signed.signature !== undefined || signed.redacted !== undefined;
  const { text, functionCall, functionResponse } = part;
  if (part['thought'] === true) return [{ type: 'reasoning', text: textOrNull(text) ?? '', ...signed }];
  if (isJsonObject(functionCall)) return [...textParts(text), callPart(functionCall, part, names)];
  if (isJsonObject(functionResponse)) return [...textParts(text), resultPart(functionResponse, names)];
  const media = mediaOf(part);
  if (media !== null) return [media];
  if (typeof text !== 'string' && !isSigned)
    return Object.keys(part).length === 0
      ? []
      : [{ type: 'opaque', dialect: 'google-generate', value: part }];
  // The signature of a text is that of the thoughts which led to it.
  return [...textParts(text), ...(isSigned ? [{ type: 'reasoning' as const, text: '', ...signed }] : [])];
}

function textParts(text: unknown): Part[] {
  return typeof text === 'string' && text !== '' ? [{ type: 'text', text }] : [];
}

function callPart(call: JsonObject, part: JsonObject, names: CallNames): ToolCallPart {
  const name = textOrNull(call['name']) ?? '';
  const signature = textOrNull(part['thoughtSignature']);
  return {
    type: 'tool-call',
    id: names.called(name, textOrNull(call['id'])),
    name,
    argumentsJson: JSON.stringify(call['args'] ?? {}),
    ...(signature === null ? {} : { extra: { extra_content: { google: { thought_signature: signature } } } }),
  };
}

function resultPart(result: JsonObject, names: CallNames): ToolResultPart {
  const name = textOrNull(result['name']) ?? '';
  const response = isJsonObject(result['response']) ? result['response'] : {};
  const media = listOf(result['parts']).flatMap((part) => mediaOf(part) ?? []);
  return {
    type: 'tool-result',
    callId: names.answered(name, textOrNull(result['id'])),
    content: [{ type: 'text', text: saidOf(response) }, ...media],
    isError: (response['error'] ?? null) !== null && Object.keys(response).length === 1,
  };
}

/** Google wants an object, so its clients wrap a text in one: alone under `output`, `result`, `content` or `error`, it is that text. */
function saidOf(response: JsonObject): string {
  const [name, ...others] = Object.keys(response);
  if (name !== undefined && others.length === 0 && /^(?:output|result|content|error)$/.test(name)) {
    const value = response[name];
    if (typeof value === 'string') return value;
  }
  return JSON.stringify(response);
}

function mediaOf(part: JsonObject): MediaPart | null {
  const inline = part['inlineData'];
  const file = part['fileData'];
  if (isJsonObject(inline)) {
    const mediaType = textOrNull(inline['mimeType']) ?? 'application/octet-stream';
    const data = textOrNull(inline['data']) ?? '';
    const fileName = textOrNull(inline['displayName']);
    return {
      type: 'media',
      kind: kindOfMediaType(mediaType),
      source: { kind: 'base64', mediaType, data },
      ...(fileName === null ? {} : { fileName }),
    };
  }
  if (!isJsonObject(file)) return null;
  const kind = kindOfMediaType(textOrNull(file['mimeType']) ?? '');
  return { type: 'media', kind, source: { kind: 'url', url: textOrNull(file['fileUri']) ?? '' } };
}

function functionToolOf(fn: JsonObject): FunctionTool {
  const { parametersJsonSchema: schema, parameters } = fn;
  return {
    name: textOrNull(fn['name']) ?? '',
    description: textOrNull(fn['description']),
    parameters: isJsonObject(schema) ? schema : isJsonObject(parameters) ? jsonSchemaOf(parameters) : null,
    strict: null,
  };
}

/** `names`: of the functions that may be called; null: any. */
function callingOf(body: JsonObject): { mode: string; names: readonly string[] | null } {
  const config = isJsonObject(body['toolConfig']) ? body['toolConfig']['functionCallingConfig'] : null;
  if (!isJsonObject(config)) return { mode: '', names: null };
  const names = listOfTexts(config['allowedFunctionNames']);
  return { mode: String(config['mode'] ?? '').toUpperCase(), names: names.length === 0 ? null : names };
}

function toolChoiceOf(mode: string, names: readonly string[] | null): ToolChoice | null {
  switch (mode) {
    case 'ANY': {
      const [only, ...others] = names ?? [];
      return only !== undefined && others.length === 0 ? { name: only } : 'required';
    }
    case 'NONE':
      return 'none';
    case 'AUTO':
    case 'VALIDATED':
      return 'auto';
    case '':
    case 'MODE_UNSPECIFIED':
      return null;
    default:
      throw invalidRequest('functionCallingConfig.mode must be AUTO, ANY, NONE or VALIDATED');
  }
}

function formatOf(settings: JsonObject): AnswerFormat | null {
  const type = textOrNull(settings['responseMimeType']) ?? '';
  const schema = settings['responseJsonSchema'] ?? settings['_responseJsonSchema'] ?? null;
  const own = settings['responseSchema'] ?? null;
  if (type === 'application/json') {
    const json = isJsonObject(schema) ? schema : isJsonObject(own) ? jsonSchemaOf(own) : null;
    return json === null
      ? { type: 'json' }
      : { type: 'schema', name: 'response', schema: json, strict: false };
  }
  if (type !== '' && type !== 'text/plain')
    throw invalidRequest(
      `generationConfig.responseMimeType ${type} is understood by Google's own models only`,
    );
  return null;
}

/** Google's names of settings, and everybody's. */
const NAMES: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  responseLogprobs: 'logprobs',
  logprobs: 'top_logprobs',
};

function parametersOf(settings: JsonObject): JsonObject {
  const parameters: JsonObject = {};
  for (const [name, known] of Object.entries(NAMES)) {
    const value = settings[name] ?? null;
    if (value !== null) parameters[known] = typeof value === 'string' ? Number(value) : value;
  }
  const choices = Number(settings['candidateCount'] ?? 1);
  if (choices > 1) parameters['n'] = choices;
  return parameters;
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function listOfTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
