/** Messages as one vendor takes them: its roles, its name for earlier thoughts, and nothing that it refuses. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Quirks } from '../quirks.ts';
import { detailsOf, thoughtText } from './message.ts';

/** In what an assistant said before: spellings of its thoughts, of every vendor and of ours. */
const THOUGHTS = [
  'reasoning_content',
  'reasoning',
  'reasoning_text',
  'thinking',
  'reasoning_details',
  'thinking_blocks',
];
/** Parts of a content that are thoughts. */
const THOUGHT_PARTS = new Set<unknown>(['thinking', 'redacted_thinking', 'reasoning']);
/** Members that OpenRouter's and our own answers have and that only OpenRouter takes back. */
const OWN_MEMBERS = ['annotations', 'images', 'model', 'configuration_update'];
/** What a vendor that refuses unknown members knows of a message. */
const KNOWN_MEMBERS = new Set([
  'role',
  'content',
  'name',
  'tool_calls',
  'tool_call_id',
  'function_call',
  'audio',
  'refusal',
  'prefix',
  'reasoning',
  'reasoning_content',
  'cache_control',
  'prompt_cache_breakpoint',
]);
const CACHE_MARKS = ['cache_control', 'prompt_cache_breakpoint'];

/** The same list where nothing has to change: most requests are long, and few of their messages need anything. */
export function vendorMessages(messages: readonly unknown[], quirks: Quirks): readonly unknown[] {
  let changed: unknown[] | null = null;
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at];
    if (!isJsonObject(message)) continue;
    const result = vendorMessage(message, quirks);
    if (result === message) continue;
    changed ??= [...messages];
    changed[at] = result;
  }
  return changed ?? messages;
}

function vendorMessage(message: JsonObject, quirks: Quirks): JsonObject {
  let result = withoutNulls(message);
  const role = roleFor(result['role'], quirks);
  if (role !== result['role']) result = { ...result, role };
  if (!quirks.messageNames && role !== 'tool') result = withNameBefore(result);
  if (quirks.reasoning !== 'object') result = without(result, OWN_MEMBERS);
  if (role === 'assistant') result = withReasoning(result, quirks);
  if (!quirks.cacheControl) result = withoutCacheMarks(result) as JsonObject;
  if (quirks.nineLetterCallIds) result = withNineLetterIds(result);
  return quirks.strictMessages ? strict(result) : result;
}

/** A null is the same as an absence to us, and a fault to some; a content may be null beside tool calls. */
function withoutNulls(message: JsonObject): JsonObject {
  let result = message;
  for (const name in message) {
    const value = message[name];
    const isEmptyList = name === 'tool_calls' && Array.isArray(value) && value.length === 0;
    if ((value !== null || name === 'content') && !isEmptyList) continue;
    if (result === message) result = { ...message };
    delete result[name];
  }
  return result;
}

function roleFor(role: unknown, { roles }: Quirks): unknown {
  if (role !== 'developer' && role !== 'system') return role;
  if (roles.includes(role)) return role;
  const other = role === 'developer' ? 'system' : 'developer';
  return roles.includes(other) ? other : 'user';
}

/** `{name}: ` before the first text, so that a model that is not told of names still knows who speaks. */
function withNameBefore(message: JsonObject): JsonObject {
  const { name, content } = message;
  if (typeof name !== 'string') return message;
  const result = without(message, ['name']);
  if (typeof content === 'string') return { ...result, content: `${name}: ${content}` };
  if (!Array.isArray(content)) return result;
  const at = content.findIndex((part) => isJsonObject(part) && typeof part['text'] === 'string');
  return {
    ...result,
    content: content.map((part, place) => (place === at ? { ...part, text: `${name}: ${part.text}` } : part)),
  };
}

/** Thoughts under the vendor's own name, whoever wrote them and however the caller spells them. */
function withReasoning(message: JsonObject, quirks: Quirks): JsonObject {
  const { reasoningHistory: style, missingReasoning } = quirks;
  const hasThoughtParts =
    Array.isArray(message['content']) &&
    message['content'].some((part) => isJsonObject(part) && THOUGHT_PARTS.has(part['type']));
  const isSpelled = hasThoughtParts || THOUGHTS.some((name) => message[name] !== undefined);
  const needsSome = missingReasoning !== null && Array.isArray(message['tool_calls']);
  if (!isSpelled && !needsSome) return message;
  const text = thoughtsOf(message) || (needsSome ? missingReasoning : '');
  const result = withoutThoughtParts(without(message, THOUGHTS), hasThoughtParts);
  if (style === 'reasoning_content' && (text !== '' || needsSome))
    return { ...result, reasoning_content: text };
  if (style === 'reasoning' && text !== '') return { ...result, reasoning: text };
  if (style === 'reasoning_details') {
    const details = sealedDetails(message);
    if (details.length > 0) return { ...result, reasoning_details: details };
    return text === '' ? result : { ...result, reasoning: text };
  }
  if (style === 'thinking_parts' && text !== '')
    return { ...result, content: thinkingParts(text, result['content']) };
  return result;
}

/** The details as they are, or made from another spelling where that is signed or sealed, which a text alone would lose. */
function sealedDetails(message: JsonObject): readonly unknown[] {
  const { reasoning_details: own, thinking_blocks: blocks, content } = message;
  if (Array.isArray(own) && own.length > 0) return own;
  const parts = Array.isArray(content)
    ? content.filter((part) => isJsonObject(part) && THOUGHT_PARTS.has(part['type']))
    : [];
  const details = detailsOf(blocks ?? parts);
  const isSealed = details.some(
    ({ type, signature }) => type === 'reasoning.encrypted' || signature !== undefined,
  );
  return isSealed ? details : [];
}

/** The first spelling that says something: those of one message are of the same thought. */
function thoughtsOf(message: JsonObject): string {
  for (const name of THOUGHTS) {
    const text = thoughtText(message[name]);
    if (text !== '') return text;
  }
  const { content } = message;
  if (!Array.isArray(content)) return '';
  return content
    .filter((part) => isJsonObject(part) && THOUGHT_PARTS.has(part['type']))
    .map(thoughtText)
    .join('');
}

function withoutThoughtParts(message: JsonObject, hasSome: boolean): JsonObject {
  if (!hasSome || !Array.isArray(message['content'])) return message;
  const parts = message['content'].filter((part) => !isJsonObject(part) || !THOUGHT_PARTS.has(part['type']));
  return { ...message, content: parts.length === 0 ? null : parts };
}

/** Mistral's: the thought is a part of the content, before the text. */
function thinkingParts(text: string, content: unknown): unknown[] {
  const thought = { type: 'thinking', thinking: [{ type: 'text', text }] };
  if (Array.isArray(content)) return [thought, ...content];
  return typeof content === 'string' && content !== ''
    ? [thought, { type: 'text', text: content }]
    : [thought];
}

/** Cache marks wherever they can stand: on a message, its parts, its calls, tools, and what a tool gave back. */
export function withoutCacheMarks(value: unknown): unknown {
  if (Array.isArray(value)) {
    let changed: unknown[] | null = null;
    for (let at = 0; at < value.length; at++) {
      const entry = withoutCacheMarks(value[at]);
      if (entry === value[at]) continue;
      changed ??= [...value];
      changed[at] = entry;
    }
    return changed ?? value;
  }
  if (!isJsonObject(value)) return value;
  let result = without(value, CACHE_MARKS);
  for (const name of ['content', 'tool_calls', 'function']) {
    const inner = value[name];
    if (typeof inner !== 'object' || inner === null) continue;
    const cleaned = withoutCacheMarks(inner);
    if (cleaned === inner) continue;
    if (result === value) result = { ...value };
    result[name] = cleaned;
  }
  return result;
}

/** The same id becomes the same nine letters wherever it stands, so that results still find their calls. */
function withNineLetterIds(message: JsonObject): JsonObject {
  let result = message;
  const own = message['tool_call_id'];
  if (typeof own === 'string') result = { ...result, tool_call_id: nineLetters(own) };
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return result;
  const renamed = calls.map((call) =>
    isJsonObject(call) && typeof call['id'] === 'string' ? { ...call, id: nineLetters(call['id']) } : call,
  );
  return { ...result, tool_calls: renamed };
}

function nineLetters(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id;
  return Bun.hash(id).toString(36).padStart(9, '0').slice(-9);
}

/** For a vendor that answers 400 to a member it does not know. */
function strict(message: JsonObject): JsonObject {
  let result = without(
    message,
    Object.keys(message).filter((name) => !KNOWN_MEMBERS.has(name)),
  );
  const calls = result['tool_calls'];
  if (Array.isArray(calls)) {
    const cleaned = calls.map((call) => (isJsonObject(call) ? strictCall(call) : call));
    if (cleaned.some((call, at) => call !== calls[at])) result = { ...result, tool_calls: cleaned };
  }
  return result;
}

const CALL_MEMBERS = new Set(['id', 'type', 'function', 'custom']);

function strictCall(call: JsonObject): JsonObject {
  return without(
    call,
    Object.keys(call).filter((name) => !CALL_MEMBERS.has(name)),
  );
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  if (!names.some((name) => name in object)) return object;
  const result = { ...object };
  for (const name of names) delete result[name];
  return result;
}
