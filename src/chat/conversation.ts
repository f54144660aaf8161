/** A conversation as the next turn repeats it: what stands around it, and its messages one by one, as text that can be compared. */
import { isJsonObject, type JsonObject } from '../json.ts';
import type { ChatPayload } from './prompt.ts';

export interface Conversation {
  /** Everything that may be part of the prompt besides the messages: instructions, tools, formats. */
  readonly frame: string;
  /** JSON of each message, without the marks of caches, which clients move from turn to turn. */
  readonly messages: readonly string[];
}

/** Members that no vendor writes into a prompt, under the names of every dialect. What is not known here is taken for part of it. */
const BESIDES = new Set([
  ...['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'temperature', 'top_p', 'top_k', 'min_p'],
  ...['top_a', 'seed', 'stop', 'stop_sequences', 'frequency_penalty', 'presence_penalty'],
  ...['repetition_penalty', 'logit_bias', 'logprobs', 'top_logprobs', 'stream', 'stream_options', 'n'],
  ...['metadata', 'client_metadata', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_options'],
  ...['prompt_cache_retention', 'service_tier', 'store', 'include', 'cache_control', 'max_tool_calls'],
]);

const LISTS = ['messages', 'input', 'contents'] as const;

/** Null: it is not told as a list, or says what its vendor may make something else of each time. */
export function conversationOf({ native }: ChatPayload): Conversation | null {
  const { dialect, body, headers } = native;
  const name = LISTS.find((member) => Array.isArray(body[member]));
  if (name === undefined || isRewritten(body)) return null;
  const frame: JsonObject = { dialect, headers };
  for (const member in body) if (member !== name && !BESIDES.has(member)) frame[member] = body[member];
  const messages = (body[name] as readonly unknown[]).map((message) => JSON.stringify(unmarked(message)));
  return { frame: JSON.stringify(frame), messages };
}

/** Some vendors sum up what was said, or cut it, and count what is left; what an item adds to the tools is counted by no rule of ours. */
function isRewritten({ context_management: management, truncation, input }: JsonObject): boolean {
  const edits = isJsonObject(management) ? management['edits'] : management;
  if (Array.isArray(edits) && !edits.every(clearsThoughtsAlone)) return true;
  if (truncation === 'auto') return true;
  return Array.isArray(input) && input.some((item) => item?.['type'] === 'additional_tools');
}

/** Thoughts that were cleared once stay cleared. */
function clearsThoughtsAlone(edit: unknown): boolean {
  return isJsonObject(edit) && String(edit['type']).startsWith('clear_thinking');
}

const MARKS = ['cache_control', 'prompt_cache_breakpoint'];

function unmarked(message: unknown): unknown {
  if (!isJsonObject(message)) return message;
  const { content } = message;
  const isMarkedInside = Array.isArray(content) && content.some(isMarked);
  if (!isMarkedInside && !isMarked(message)) return message;
  const result = without(message);
  if (isMarkedInside) result['content'] = content.map((part) => (isMarked(part) ? without(part) : part));
  return result;
}

function isMarked(value: unknown): boolean {
  return isJsonObject(value) && MARKS.some((mark) => value[mark] !== undefined);
}

function without(value: JsonObject): JsonObject {
  const result = { ...value };
  for (const mark of MARKS) delete result[mark];
  return result;
}
