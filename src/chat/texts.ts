/**
 * What of a request is text that somebody wrote, whichever dialect it came in. Told by what is not: members that are known to hold ids,
 * media, seals or settings are left out, and every other text of a conversation counts, so that a part nobody knows yet does too.
 */
import { isJsonObject, type JsonObject } from '../json.ts';

export type Writer = 'system' | 'user' | 'assistant' | 'tool';

/** One text where it stands. */
export interface TextSlot {
  readonly holder: JsonObject | unknown[];
  readonly key: string | number;
  readonly writer: Writer;
  /** `json`: the text is JSON, and has to stay so (a call's arguments). `number`: a number among arguments, which may become a text. */
  readonly kind: 'text' | 'json' | 'number';
}

/** Texts that a model reads in a row: the parts of one message. */
export type TextGroup = readonly TextSlot[];

/** What is a conversation, or part of one, in any of the dialects; the embeddings' inputs among them. */
const MEMBERS = [
  ...[
    'system',
    'systemInstruction',
    'system_instruction',
    'instructions',
    'instruction',
    'messages',
    'input',
  ],
  ...['contents', 'prompt', 'suffix', 'prediction', 'requests', 'content', 'title', 'embedContentConfig'],
  'embed_content_config',
] as const;

const NOT_TEXT = new Set([
  // Kinds, names of functions, ids and settings.
  ...[
    'type',
    'role',
    'id',
    'call_id',
    'callId',
    'tool_call_id',
    'tool_use_id',
    'response_id',
    'item_id',
    'name',
  ],
  ...['namespace', 'status', 'model', 'detail', 'phase', 'index', 'cache_control', 'prompt_cache_breakpoint'],
  ...['execution', 'format', 'media_type', 'mimeType', 'mime_type', 'language', 'taskType', 'task_type'],
  // Media, and where they are.
  ...[
    'data',
    'url',
    'image_url',
    'audio_url',
    'video_url',
    'file_url',
    'input_audio',
    'audio',
    'video_metadata',
  ],
  ...[
    'file_data',
    'file_id',
    'fileId',
    'fileData',
    'file_data',
    'inlineData',
    'inline_data',
    'fileUri',
    'file_uri',
  ],
  ...['videoMetadata', 'bytes', 'b64_json', 'images'],
  // What only its provider can read.
  ...[
    'signature',
    'thoughtSignature',
    'thought_signature',
    'encrypted_content',
    'encrypted_index',
    'extra_content',
  ],
]);

/** Whose value belongs to a tool, with numbers and names of the caller's own. */
const ARGUMENTS = new Set(['arguments', 'args', 'response', 'action', 'operation', 'variables']);

/** In order. A body that is no such request has none: whoever parses it says why. */
export function textsOf(body: JsonObject): TextGroup[] {
  const groups: TextGroup[] = [];
  for (const name of MEMBERS) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    const writer =
      name.startsWith('s') && name !== 'suffix' ? 'system' : name.startsWith('ins') ? 'system' : 'user';
    if (Array.isArray(value) && name !== 'system') {
      for (const [at, item] of value.entries()) {
        const group: TextSlot[] = [];
        walk(value, at, item, isJsonObject(item) ? writerOf(item, writer) : writer, group);
        if (group.length > 0) groups.push(group);
      }
      continue;
    }
    const group: TextSlot[] = [];
    walk(body, name, value, writer, group);
    if (group.length > 0) groups.push(group);
  }
  return groups;
}

/** Every text of a part that a model wrote: a group of its own. */
export function textsIn(part: JsonObject): TextGroup {
  const group: TextSlot[] = [];
  walkObject(part, 'assistant', group);
  return group;
}

/** Of a message, or of an item between messages. */
function writerOf({ role, type }: JsonObject, otherwise: Writer): Writer {
  switch (role) {
    case 'system':
    case 'developer':
      return 'system';
    case 'assistant':
    case 'model':
      return 'assistant';
    case 'tool':
    case 'function':
      return 'tool';
    case 'user':
      return 'user';
  }
  if (typeof type !== 'string') return otherwise;
  if (type.endsWith('_output') || type.endsWith('tool_result')) return 'tool';
  return type.endsWith('_call') || type === 'reasoning' || type === 'tool_use' ? 'assistant' : otherwise;
}

function walk(
  holder: JsonObject | unknown[],
  key: string | number,
  value: unknown,
  writer: Writer,
  found: TextSlot[],
): void {
  if (typeof value === 'string') {
    if (value !== '') found.push({ holder, key, writer, kind: key === 'arguments' ? 'json' : 'text' });
  } else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) walk(value, at, item, partWriter(item, writer), found);
  } else if (isJsonObject(value) && !Object.isFrozen(value)) walkObject(value, writer, found);
}

function walkObject(value: JsonObject, writer: Writer, found: TextSlot[]): void {
  for (const name in value) {
    const member = value[name];
    if (typeof member === 'object' && member !== null && isOfTool(name, value)) {
      walkArguments(value, name, member, partWriter(value, writer), found);
    } else if (isText(name, value)) {
      const own = name === 'functionResponse' || name === 'function_response' ? 'tool' : writer;
      walk(value, name, member, own, found);
    }
  }
}

/** A result stands among what its user says. */
function partWriter(item: unknown, writer: Writer): Writer {
  if (!isJsonObject(item) || typeof item['type'] !== 'string') return writer;
  return item['type'].endsWith('tool_result') ? 'tool' : writer;
}

function isOfTool(name: string, { type, id }: JsonObject): boolean {
  return ARGUMENTS.has(name) || (name === 'input' && (type === 'tool_use' || id !== undefined));
}

function isText(name: string, holder: JsonObject): boolean {
  if (!NOT_TEXT.has(name)) return true;
  // Somebody's name in a message, and a document that is plain text.
  if (name === 'name') return typeof holder['role'] === 'string';
  return name === 'data' && holder['type'] === 'text';
}

/** Every text and number, whatever it is called. */
function walkArguments(
  holder: JsonObject | unknown[],
  key: string | number,
  value: unknown,
  writer: Writer,
  found: TextSlot[],
): void {
  if (typeof value === 'string') {
    if (value !== '') found.push({ holder, key, writer, kind: 'text' });
  } else if (typeof value === 'number' || isLongNumber(value)) {
    found.push({ holder, key, writer, kind: 'number' });
  } else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) walkArguments(value, at, item, writer, found);
  } else if (isJsonObject(value)) {
    for (const name in value) walkArguments(value, name, value[name], writer, found);
  }
}

/** As `parseExact` keeps it. */
const isLongNumber = (value: unknown): boolean =>
  isJsonObject(value) && Object.isFrozen(value) && typeof value['rawJSON'] === 'string';
