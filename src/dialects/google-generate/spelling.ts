/**
 * Google reads each member of its messages in two spellings, `systemInstruction` and `system_instruction` (ProtoJSON). Here the second
 * becomes the first, once, so that nobody behind this has to look twice, and so that no member counts in one of them alone.
 */
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

/** Members that are messages, or lists of them. What is not named here belongs to the caller (arguments, schemas) or has no members. */
interface Message {
  readonly [member: string]: Message;
}

const LEAF: Message = {};
const BLOB: Message = { inlineData: LEAF, fileData: LEAF };
const PART: Message = {
  ...BLOB,
  functionCall: LEAF,
  functionResponse: { parts: BLOB },
  executableCode: LEAF,
  codeExecutionResult: LEAF,
  videoMetadata: LEAF,
};
const CONTENT: Message = { parts: PART };
const REQUEST: Message = {
  contents: CONTENT,
  systemInstruction: CONTENT,
  tools: { functionDeclarations: LEAF },
  toolConfig: { functionCallingConfig: LEAF },
  generationConfig: { thinkingConfig: LEAF },
  safetySettings: LEAF,
};

const EMBEDDING: Message = { content: CONTENT, embedContentConfig: LEAF };

/** What the methods of a model are sent. */
const MESSAGES = {
  generateContent: REQUEST,
  embedContent: EMBEDDING,
  batchEmbedContents: { requests: EMBEDDING },
} as const;

/** Not Google's: OpenRouter's own members are spelt with underscores. */
const OURS = new Set(['session_id', 'user', 'provider', 'models', 'model']);

/** The same request, or the same object where nothing was spelt otherwise. Throws a 400 when one member stands there twice. */
export function inCamelCase(
  body: JsonObject,
  message: keyof typeof MESSAGES = 'generateContent',
): JsonObject {
  return respelt(body, MESSAGES[message], '');
}

function respelt(message: JsonObject, shape: Message, path: string): JsonObject {
  let isSame = true;
  const result: JsonObject = {};
  for (const name in message) {
    // Assigned, it would be no member but the prototype, in which members would be looked for.
    if (name === '__proto__') throw invalidRequest(`${path}__proto__ is no member of a request`);
    const spelt = path === '' && OURS.has(name) ? name : camelCase(name);
    if (Object.hasOwn(result, spelt)) throw invalidRequest(`${path}${spelt} is there twice`);
    const inner = Object.hasOwn(shape, spelt) ? shape[spelt] : undefined;
    const value = message[name];
    const converted = inner === undefined ? value : respeltValue(value, inner, `${path}${spelt}.`);
    if (spelt !== name || converted !== value) isSame = false;
    result[spelt] = converted;
  }
  return isSame ? message : result;
}

function respeltValue(value: unknown, shape: Message, path: string): unknown {
  if (isJsonObject(value)) return respelt(value, shape, path);
  if (!Array.isArray(value)) return value;
  const list = value.map((item) => (isJsonObject(item) ? respelt(item, shape, path) : item));
  return list.every((item, at) => item === value[at]) ? value : list;
}

function camelCase(name: string): string {
  return name.includes('_')
    ? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    : name;
}
