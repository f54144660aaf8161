/**
 * Messages and deltas as vendors write them, made canonical: aliases under their one name, the members that clients check in the
 * type that they check, and every other member as it came.
 */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

/** Names of the thoughts in answers, beside `reasoning`. */
const REASONING_ALIASES = ['reasoning_content', 'thinking', 'reasoning_text'];
/** Which clients take as null, where another member has to be left out. */
const NULLABLE = new Set(['content', 'reasoning', 'refusal']);

/** A message or a delta without its tool calls. A null is the same as an absence in most members, and is left out. */
export function canonicalMessage(message: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name in message) {
    const value = message[name];
    if (value === undefined || (value === null && !NULLABLE.has(name)) || name === 'tool_calls') continue;
    if (name === 'role') {
      if (typeof value === 'string' && value !== '') result['role'] = 'assistant';
    } else if (name === 'content') addContent(result, value);
    else if (REASONING_ALIASES.includes(name)) addReasoning(result, textOrNull(value));
    else if (name === 'reasoning') addReasoning(result, reasoningText(value));
    else result[name] = value;
  }
  addDetails(result);
  return result;
}

/** Text, or a list of parts of which some are thoughts (Mistral). */
function addContent(result: JsonObject, content: unknown): void {
  if (!Array.isArray(content)) {
    result['content'] = textOrNull(content);
    return;
  }
  let text = '';
  for (const part of content) {
    if (!isJsonObject(part)) continue;
    if (part['type'] === 'thinking') addReasoning(result, partText(part['thinking']));
    else text += partText(part['text']);
  }
  result['content'] = text;
}

function partText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.map((part) => (isJsonObject(part) ? (textOrNull(part['text']) ?? '') : '')).join('');
}

function reasoningText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return isJsonObject(value) ? textOrNull(value['content'] ?? value['text']) : null;
}

/** Some vendors say the same under two names: the first counts. */
function addReasoning(result: JsonObject, text: string | null): void {
  const known = result['reasoning'];
  if (typeof known !== 'string' || known === '') result['reasoning'] = text;
}

/** Clients that bring thoughts back bring the details, so there are always some. */
function addDetails(result: JsonObject): void {
  const text = result['reasoning'];
  if (typeof text !== 'string' || text === '' || Array.isArray(result['reasoning_details'])) return;
  result['reasoning_details'] = [{ type: 'reasoning.text', text, format: 'unknown', index: 0 }];
}

/** The chat shape of log probabilities; the legacy one, which chat clients refuse, is no log probabilities to them. */
export function canonicalLogprobs(value: unknown): JsonObject | null {
  if (!isJsonObject(value)) return null;
  const isChatShape = Array.isArray(value['content']) || Array.isArray(value['refusal']);
  return isChatShape ? { content: null, ...value } : null;
}

/** UTF-8 bytes of what a model wrote: its text, its reasoning, its refusal, and the names and arguments of its tool calls. */
export function writtenBytes(message: JsonObject): number {
  let bytes = lengthOf(message['content']) + lengthOf(message['reasoning']) + lengthOf(message['refusal']);
  const calls = message['tool_calls'];
  if (Array.isArray(calls)) {
    for (const call of calls) bytes += lengthOf(call?.function?.name) + lengthOf(call?.function?.arguments);
  }
  return bytes;
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' && text !== '' ? Buffer.byteLength(text) : 0;
}
