/** What an answer repeats of its request, and what writes calls back as their client knows them. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import { listOf } from '../content.ts';
import type { CallKinds, Tools } from './tools.ts';

export interface Remembered {
  /** Members of the response object. */
  readonly echo: JsonObject;
  readonly kinds: CallKinds;
  /** The caller wants what providers seal, to give it back. */
  readonly wantsSealed: boolean;
}

const ECHOED = [
  ...['instructions', 'metadata', 'temperature', 'top_p', 'presence_penalty', 'frequency_penalty'],
  ...['max_output_tokens', 'max_tool_calls', 'prompt_cache_key', 'prompt_cache_options', 'safety_identifier'],
  ...['top_logprobs', 'truncation', 'user', 'reasoning'],
];

const NOTHING: Remembered = { echo: echoOf({}), kinds: {}, wantsSealed: false };

export function remember(body: JsonObject, { kinds }: Tools): JsonObject {
  const { include } = body;
  const wantsSealed = Array.isArray(include) && include.includes('reasoning.encrypted_content');
  return { echo: echoOf(body), kinds, wantsSealed } satisfies Remembered;
}

/** What `remember` gave; null where no request was read. */
export function recalled(remembered: JsonObject | null): Remembered {
  return remembered === null ? NOTHING : (remembered as unknown as Remembered);
}

/** Every member that the official client insists on, be it null, and none of which it refuses a null. */
function echoOf(body: JsonObject): JsonObject {
  const echo: JsonObject = {};
  for (const name of ECHOED) echo[name] = body[name] ?? null;
  echo['reasoning'] = isJsonObject(body['reasoning']) ? body['reasoning'] : null;
  echo['text'] = textOf(body['text']);
  echo['parallel_tool_calls'] = body['parallel_tool_calls'] ?? true;
  echo['tool_choice'] = choiceOf(body['tool_choice']);
  echo['tools'] = listOf(body['tools']).map(toolOf);
  return echo;
}

function textOf(text: unknown): JsonObject {
  const given = isJsonObject(text) ? text : {};
  return { ...given, format: given['format'] ?? { type: 'text' } };
}

function toolOf(tool: JsonObject): JsonObject {
  if (tool['type'] !== 'function') return tool;
  const told = isJsonObject(tool['function']) ? { type: 'function', ...tool['function'] } : tool;
  return { ...told, parameters: told['parameters'] ?? null, strict: told['strict'] ?? null };
}

const HOSTED = new Set<unknown>([
  'web_search_preview',
  'web_search_preview_2025_03_11',
  'apply_patch',
  'shell',
]);

/** A closed set: the official client refuses a body that repeats any other object, each of which insists on some tool. */
function choiceOf(choice: unknown): unknown {
  if (!isJsonObject(choice)) return choice ?? 'auto';
  const { type, name, mode, tools } = choice;
  if (type === 'function' && typeof name === 'string') return { type, name };
  if (type === 'allowed_tools' && Array.isArray(tools)) return { type, mode: mode ?? 'auto', tools };
  return HOSTED.has(type) ? { type } : 'required';
}
