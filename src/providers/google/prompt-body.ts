/** A typed prompt as Google's contents, instruction and tools. */
import type {
  ChatMessage,
  ChatPrompt,
  FunctionTool,
  MediaPart,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, parseExact, textOrNull } from '../../json.ts';
import { takesInstructions } from './model-generation.ts';
import { withSignedCalls } from './signed-calls.ts';

/** Throws a 400 for content that Google has no words for. */
export function bodyOfPrompt(prompt: ChatPrompt, upstreamModel: string): JsonObject {
  const { messages, tools } = prompt;
  const firstOther = messages.findIndex(({ role }) => !isInstruction(role));
  const leading = messages.slice(0, firstOther === -1 ? messages.length : firstOther);
  const instruction = leading.flatMap(({ parts }) => parts.flatMap((part) => plainPart(part)));
  const contents = contentsOf(messages.slice(leading.length));
  // A conversation of nothing but instructions is refused, and so are instructions by models that know none.
  if (instruction.length > 0 && (contents.length === 0 || !takesInstructions(upstreamModel))) {
    contents.unshift({ role: 'user', parts: instruction.splice(0) });
  }
  return {
    contents: withSignedCalls(contents, upstreamModel),
    ...(instruction.length === 0 ? {} : { systemInstruction: { parts: instruction } }),
    ...(tools.length === 0
      ? {}
      : { tools: [{ functionDeclarations: tools.map(declarationOf) }], ...callingOf(prompt) }),
  };
}

const isInstruction = (role: ChatMessage['role']): boolean => role === 'system' || role === 'developer';

interface Content {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

/** One after the other by role, as Google wants it: what functions gave back together is one content. */
function contentsOf(messages: readonly ChatMessage[]): Content[] {
  const names = namesOfCalls(messages);
  const contents: Content[] = [];
  let wasResults = false;
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'model' : 'user';
    const parts = message.parts.flatMap((part) => partsOf(part, message, names));
    const isResults = parts.some(({ functionResponse }) => functionResponse !== undefined);
    const last = contents.at(-1);
    if (parts.length === 0) continue;
    if (last?.role === role && isResults === wasResults) last.parts.push(...parts);
    else contents.push({ role, parts });
    wasResults = isResults;
  }
  return contents;
}

/** A result names its function there, and nothing but an id elsewhere. */
function namesOfCalls(messages: readonly ChatMessage[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { parts } of messages) {
    for (const part of parts) if (part.type === 'tool-call') names.set(part.id, part.name);
  }
  return names;
}

function partsOf(part: Part, message: ChatMessage, names: ReadonlyMap<string, string>): JsonObject[] {
  switch (part.type) {
    case 'reasoning':
      return thoughtOf(part, message);
    case 'tool-call':
      return [callOf(part, message)];
    case 'tool-result':
      return resultOf(part, names.get(part.callId) ?? message.name);
    default:
      return plainPart(part);
  }
}

function plainPart(part: Part): JsonObject[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'media':
      return [mediaOf(part)];
    case 'opaque':
      if (part.dialect === 'google-generate') return [part.value];
      break;
    default:
  }
  throw invalidRequest(
    `This model's provider, Google, cannot be sent content of the type "${part.type}" here`,
  );
}

/**
 * Only Google's own signatures go back to it. A thought without one helps nobody: it is not even read. One that is sealed under the
 * id of a call is that call's signature, as OpenRouter tells it.
 */
function thoughtOf(
  { text, signature, format, redacted, id }: ReasoningPart,
  message: ChatMessage,
): JsonObject[] {
  if (redacted !== undefined) {
    const isOfACall = message.parts.some((part) => part.type === 'tool-call' && part.id === id);
    return format !== 'google-gemini-v1' || isOfACall ? [] : [{ text: '', thoughtSignature: redacted }];
  }
  if (format !== 'google-gemini-v1' || signature === undefined || signature === '') return [];
  return [{ text, ...(text === '' ? {} : { thought: true }), thoughtSignature: signature }];
}

function callOf({ id, name, argumentsJson, extra }: ToolCallPart, message: ChatMessage): JsonObject {
  const signature = callSignature(extra) ?? sealedUnder(id, message);
  return {
    functionCall: { ...(id === '' ? {} : { id }), name, args: argumentsOf(argumentsJson) },
    ...(signature === null ? {} : { thoughtSignature: signature }),
  };
}

function sealedUnder(id: string, { parts }: ChatMessage): string | null {
  for (const part of parts) {
    if (part.type !== 'reasoning' || part.format !== 'google-gemini-v1' || part.id !== id) continue;
    if (part.redacted !== undefined) return part.redacted;
  }
  return null;
}

/** What a model wrote that is no JSON object goes back to it as the text that it is. */
function argumentsOf(json: string): JsonObject {
  if (json.trim() === '') return {};
  try {
    const args: unknown = parseExact(json);
    return isJsonObject(args) ? args : { arguments: args };
  } catch {
    return { arguments: json };
  }
}

/** Where Google's endpoint in OpenAI's dialect has it too. */
function callSignature(extra: JsonObject | undefined): string | null {
  const content = extra?.['extra_content'];
  const google = isJsonObject(content) ? content['google'] : null;
  return isJsonObject(google) ? textOrNull(google['thought_signature']) : null;
}

/** Google wants an object: `output`, or `error`, is its own guide's. Pictures stand behind it, where every generation sees them. */
function resultOf({ callId, content, isError }: ToolResultPart, name: string | null): JsonObject[] {
  if (name === null)
    throw invalidRequest(
      `The tool result for "${callId.slice(0, 64)}" answers no call of this conversation, and Google wants its name`,
    );
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const others = content.filter(({ type }) => type !== 'text').flatMap(plainPart);
  const response = isError ? { error: text } : { output: text };
  return [{ functionResponse: { ...(callId === '' ? {} : { id: callId }), name, response } }, ...others];
}

function mediaOf({ kind, source }: MediaPart): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case 'url': {
      const mimeType = mediaTypeOf(source.url);
      return { fileData: { ...(mimeType === null ? {} : { mimeType }), fileUri: source.url } };
    }
    case 'id':
      throw invalidRequest(
        `This model's provider, Google, cannot be sent ${kind} content by its id elsewhere`,
      );
  }
}

const BY_ENDING: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  pdf: 'application/pdf',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  txt: 'text/plain',
};

/** Google reads it from the answer of the address, where the address does not say. */
function mediaTypeOf(url: string): string | null {
  const ending = /\.([a-z0-9]{3,4})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(BY_ENDING, ending) ? (BY_ENDING[ending] ?? null) : null;
}

function declarationOf({ name, description, parameters }: FunctionTool): JsonObject {
  return {
    name,
    ...(description === null ? {} : { description }),
    ...(parameters === null ? {} : { parametersJsonSchema: parameters }),
  };
}

function callingOf({ toolChoice, tools }: ChatPrompt): { toolConfig?: JsonObject } {
  const isStrict = tools.some(({ strict }) => strict === true);
  const config = (mode: string, more: JsonObject = {}) => ({
    toolConfig: { functionCallingConfig: { mode, ...more } },
  });
  switch (toolChoice) {
    case null:
    case 'auto':
      // Arguments are held to their schemas in this mode.
      return isStrict ? config('VALIDATED') : toolChoice === null ? {} : config('AUTO');
    case 'none':
      return config('NONE');
    case 'required':
      return config('ANY');
    default:
      return config('ANY', { allowedFunctionNames: [toolChoice.name] });
  }
}
