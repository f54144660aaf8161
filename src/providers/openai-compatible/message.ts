/** Messages and deltas as vendors write them, made canonical: aliases renamed, nulls left out, tool calls whole. */
import { isJsonObject, type JsonObject } from '../../json.ts';

/** What clients may see of a message. Anything else of the vendor's stays behind. */
const MESSAGE_MEMBERS = [
  'content',
  'refusal',
  'reasoning',
  'reasoning_details',
  'images',
  'audio',
  'annotations',
] as const;

/** Official clients refuse nulls in most members of a message, so a null is the same as an absence. */
export function canonicalMessage(message: JsonObject): JsonObject {
  const result: JsonObject = {};
  if (typeof message['role'] === 'string' && message['role'] !== '') result['role'] = 'assistant';
  for (const name of MESSAGE_MEMBERS) {
    const value = message[name];
    if (value !== undefined && value !== null) result[name] = value;
  }
  const reasoning = message['reasoning_content'];
  if (result['reasoning'] === undefined && typeof reasoning === 'string') result['reasoning'] = reasoning;
  const calls = message['tool_calls'];
  if (Array.isArray(calls) && calls.length > 0) result['tool_calls'] = calls.map(withoutNulls);
  return result;
}

/** A tool call, or a fragment of one: `function` is always an object and none of its members is null. */
function withoutNulls(call: unknown, position: number): JsonObject {
  const source = isJsonObject(call) ? call : {};
  const fn: JsonObject = {};
  const given = source['function'];
  if (isJsonObject(given)) {
    for (const [name, value] of Object.entries(given)) {
      if (value === null) continue;
      fn[name] = name === 'arguments' && typeof value !== 'string' ? JSON.stringify(value) : value;
    }
  }
  const result: JsonObject = {};
  result['index'] = typeof source['index'] === 'number' ? source['index'] : position;
  if (typeof source['id'] === 'string' && source['id'] !== '') result['id'] = source['id'];
  if (typeof source['type'] === 'string') result['type'] = source['type'];
  result['function'] = fn;
  return result;
}
