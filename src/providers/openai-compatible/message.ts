/**
 * Messages and deltas as vendors write them, made canonical: `content` and `reasoning` are text, thoughts are under OpenRouter's
 * names, no member is null that clients refuse as null. What is not known stays as it is.
 */
import { markCallSeals, markSeals } from '../../chat/origin.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { callBytes, type StreamedCalls, wholeCalls } from './tool-calls.ts';

/** What a message or a delta says, besides its JSON. */
export interface Said {
  message: JsonObject;
  /** UTF-8 bytes of what the model wrote: text, reasoning, refusal, names and arguments of calls. */
  bytes: number;
  /** Whether a client would see something of it. */
  anything: boolean;
}

/** Reused for each delta, because there is one for each token. */
const simple: Said = { message: {}, bytes: 0, anything: false };

/**
 * One delta. `calls` is what the choice called so far; `origin`, the provider whose seals it may hold. The result is valid until the
 * next call.
 */
export function canonicalDelta(delta: JsonObject, calls: StreamedCalls, origin?: string): Said {
  let bytes = 0;
  for (const name in delta) {
    const value = delta[name];
    if (name === 'content' || name === 'refusal') {
      if (typeof value === 'string') bytes += value.length === 0 ? 0 : Buffer.byteLength(value);
      else if (value !== null) return rewritten(delta, calls, origin);
    } else if (name !== 'role' || value !== 'assistant') {
      return rewritten(delta, calls, origin);
    }
  }
  simple.message = delta;
  simple.bytes = bytes;
  simple.anything = bytes > 0;
  return simple;
}

/** A whole message: with its role, its content and a refusal, be they null. */
export function canonicalMessage(message: JsonObject, origin?: string): Said {
  const said = rewritten(message, null, origin);
  said.message = {
    ...said.message,
    role: 'assistant',
    content: said.message['content'] ?? null,
    refusal: said.message['refusal'] ?? null,
  };
  return said;
}

function rewritten(source: JsonObject, calls: StreamedCalls | null, origin: string | undefined): Said {
  const result: JsonObject = {};
  const thoughts: string[] = [];
  let details: JsonObject[] = [];
  let bytes = 0;
  let anything = false;
  for (const name in source) {
    const value = source[name];
    switch (name) {
      case 'role':
        if (typeof value === 'string' && value !== '') result['role'] = 'assistant';
        break;
      case 'content':
        readContent(value, result, thoughts);
        break;
      case 'refusal':
        result['refusal'] = typeof value === 'string' ? value : null;
        break;
      case 'reasoning':
      case 'reasoning_content':
      case 'reasoning_text':
      case 'thinking': {
        // Some send the same thought under two names.
        const text = thoughtText(value);
        if (text !== '' && !thoughts.includes(text)) thoughts.push(text);
        break;
      }
      case 'reasoning_details':
      case 'thinking_blocks':
        details = details.concat(detailsOf(value));
        break;
      case 'tool_calls': {
        const told = Array.isArray(value) ? canonicalCalls(value, calls) : [];
        if (told.length === 0) break;
        if (origin !== undefined) markCallSeals(told, origin);
        result['tool_calls'] = told;
        bytes += callBytes(told);
        anything = true;
        break;
      }
      case '__proto__':
        break;
      default:
        if (value === null || value === undefined) break;
        result[name] = value;
        anything ||= MEDIA_MEMBERS.has(name) && !(Array.isArray(value) && value.length === 0);
    }
  }
  if (origin !== undefined) markSeals(details, origin);
  setReasoning(result, thoughts.join(''), details);
  for (const name of ['content', 'refusal', 'reasoning']) {
    const text = result[name];
    if (typeof text === 'string') bytes += Buffer.byteLength(text);
  }
  return { message: result, bytes, anything: anything || bytes > 0 || details.length > 0 };
}

const MEDIA_MEMBERS = new Set(['images', 'audio', 'annotations', 'function_call']);

function canonicalCalls(values: unknown[], calls: StreamedCalls | null): JsonObject[] {
  if (calls === null) return wholeCalls(values);
  return values.map((value) => calls.fragment(value)).filter((told) => told !== null);
}

/** OpenRouter shows a thought twice: as text, and as a list that clients send back with its signatures. */
function setReasoning(result: JsonObject, thought: string, details: readonly JsonObject[]): void {
  const text = thought === '' ? details.map(shownDetail).join('') : thought;
  if (text !== '') result['reasoning'] = text;
  if (details.length > 0) result['reasoning_details'] = details;
  else if (text !== '') {
    result['reasoning_details'] = [{ type: 'reasoning.text', text, format: 'unknown', index: 0 }];
  }
}

function shownDetail(detail: JsonObject): string {
  const shown = detail['text'] ?? detail['summary'];
  return typeof shown === 'string' ? shown : '';
}

/** Thoughts of any vendor's list, those of Anthropic's with their signatures, as OpenRouter's details. */
export function detailsOf(value: unknown): JsonObject[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter(isJsonObject).map((entry, index) => {
    if (entry['type'] === 'thinking') {
      const signature = typeof entry['signature'] === 'string' ? { signature: entry['signature'] } : {};
      return {
        type: 'reasoning.text',
        text: thoughtText(entry),
        ...signature,
        format: 'anthropic-claude-v1',
        index,
      };
    }
    if (entry['type'] === 'redacted_thinking') {
      return { type: 'reasoning.encrypted', data: entry['data'], format: 'anthropic-claude-v1', index };
    }
    return entry;
  });
}

/** Text, or what Mistral has in its place: a list of thoughts and texts, and of images with other vendors. */
function readContent(value: unknown, result: JsonObject, thoughts: string[]): void {
  if (typeof value === 'string' || value === null || value === undefined) {
    result['content'] = value ?? null;
    return;
  }
  let text = '';
  const images: unknown[] = [];
  for (const part of Array.isArray(value) ? value : [value]) {
    if (typeof part === 'string') text += part;
    else if (!isJsonObject(part)) text += part === null ? '' : String(part);
    else if (THOUGHT_PARTS.has(part['type'])) thoughts.push(thoughtText(part));
    else if (part['type'] === 'image_url') images.push(part);
    else if (typeof part['text'] === 'string') text += part['text'];
  }
  result['content'] = text === '' && Array.isArray(value) && value.length > 0 ? null : text;
  if (images.length > 0) result['images'] = images;
}

const THOUGHT_PARTS = new Set<unknown>(['thinking', 'reasoning', 'redacted_thinking']);

/** A thought as text, from text, from a list of texts, or from an object around one of these. */
export function thoughtText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(thoughtText).join('');
  if (!isJsonObject(value)) return '';
  return thoughtText(value['thinking'] ?? value['text'] ?? value['summary'] ?? value['content'] ?? '');
}
