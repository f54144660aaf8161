/** A conversation as Anthropic's `system` and `messages`: two roles in turn, and what tools gave back before all else. */
import type { ChatMessage, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, parseExact } from '../../json.ts';
import { CallIds } from './call-ids.ts';
import { cacheMark, contentBlock } from './content.ts';

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

export interface History {
  readonly system: JsonObject[];
  readonly messages: Turn[];
}

/** Throws a 400 for what the vendor cannot be sent. */
export function historyOf(messages: readonly ChatMessage[]): History {
  const ids = new CallIds();
  const leading = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  // Instructions alone are asked as a question: there must be a message.
  const count = leading === -1 ? 0 : leading;
  const system = messages.slice(0, count).flatMap(({ parts }) => parts.flatMap(systemBlock));
  const turns: Turn[] = [];
  for (const message of messages.slice(count)) {
    const content = blocksOf(message, ids);
    if (content.length === 0) continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  if (turns.length === 0) throw invalidRequest('the messages say nothing: this model needs some content');
  for (const { role, content } of turns) if (role === 'user') resultsFirst(content);
  trimEnd(turns);
  return { system, messages: turns };
}

function systemBlock(part: Part): JsonObject[] {
  if (part.type !== 'text') {
    throw invalidRequest("this model's provider takes nothing but text in a system message");
  }
  const block = contentBlock(part);
  return block === null ? [] : [block];
}

function blocksOf({ role, name, parts }: ChatMessage, ids: CallIds): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const part of parts) {
    const block = blockOf(part, role, ids);
    if (block !== null) blocks.push(block);
    else if ('cache' in part) keepMark(blocks.at(-1), part.cache);
  }
  if (name === null || name === '' || role === 'tool') return blocks;
  const at = blocks.findIndex(({ type }) => type === 'text');
  const first = blocks[at];
  if (first !== undefined) blocks[at] = { ...first, text: `${name}: ${first['text']}` };
  return blocks;
}

/** A blank text that ends what is to be cached is left out, and what is before it ends that. */
function keepMark(before: JsonObject | undefined, cache: '5m' | '1h' | undefined): void {
  if (before !== undefined && !String(before['type']).includes('thinking'))
    Object.assign(before, cacheMark(cache));
}

/** Null: there is nothing to send. */
function blockOf(part: Part, role: ChatMessage['role'], ids: CallIds): JsonObject | null {
  switch (part.type) {
    case 'reasoning':
      return role === 'assistant' ? thoughtBlock(part) : null;
    case 'tool-call':
      return callBlock(part, ids);
    case 'tool-result':
      return resultBlock(part, ids);
    default:
      return contentBlock(part);
  }
}

/** Of its own thoughts alone the vendor can check that nobody changed them, and it refuses all others. */
function thoughtBlock({ text, signature, redacted, format }: ReasoningPart): JsonObject | null {
  if (format !== 'anthropic-claude-v1') return null;
  if (redacted !== undefined) return { type: 'redacted_thinking', data: redacted };
  return signature === undefined ? null : { type: 'thinking', thinking: text, signature };
}

function callBlock({ id, name, argumentsJson }: ToolCallPart, ids: CallIds): JsonObject {
  return { type: 'tool_use', id: ids.call(id), name, input: inputOf(argumentsJson) };
}

/** The vendor takes objects alone. What a model wrote otherwise, such as arguments that its output cap cut off, stands in one. */
function inputOf(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {};
  let input: unknown = argumentsJson;
  try {
    input = parseExact(argumentsJson);
  } catch {
    // Then it is told as the text that it is.
  }
  return isJsonObject(input) ? input : { arguments: input };
}

function resultBlock({ callId, content, isError }: ToolResultPart, ids: CallIds): JsonObject {
  const blocks = content.map(contentBlock).filter((block) => block !== null);
  const mark = content
    .flatMap((part) => ('cache' in part && part.cache !== undefined ? [part.cache] : []))
    .at(-1);
  for (const block of blocks) delete block['cache_control'];
  return {
    type: 'tool_result',
    tool_use_id: ids.result(callId),
    ...(blocks.length === 0 ? {} : { content: blocks }),
    ...(isError ? { is_error: true } : {}),
    ...cacheMark(mark),
  };
}

function resultsFirst(content: JsonObject[]): void {
  const isResult = ({ type }: JsonObject) => type === 'tool_result';
  const firstOther = content.findIndex((block) => !isResult(block));
  if (firstOther === -1 || !content.slice(firstOther).some(isResult)) return;
  const results = content.filter(isResult);
  const others = content.filter((block) => !isResult(block));
  content.splice(0, content.length, ...results, ...others);
}

/** Where an assistant's words are to be gone on with, the vendor refuses white space at their end. */
function trimEnd(turns: readonly Turn[]): void {
  const last = turns.at(-1);
  const block = last?.role === 'assistant' ? last.content.at(-1) : undefined;
  if (block?.['type'] === 'text') block['text'] = String(block['text']).trimEnd();
}

/** Four at most, and those for an hour before those for five minutes; of too many the last reach furthest. `free`: how many there may be. */
export function limitCacheMarks({ system, messages }: History, free: number): void {
  const marked = [...system, ...messages.flatMap(({ content }) => content)].filter(
    (block) => block['cache_control'] !== undefined,
  );
  for (const block of marked.slice(0, Math.max(0, marked.length - free))) delete block['cache_control'];
  let hasShort = false;
  for (const block of marked) {
    const control = block['cache_control'];
    if (!isJsonObject(control)) continue;
    if (control['ttl'] !== '1h') hasShort = true;
    else if (hasShort) block['cache_control'] = { type: 'ephemeral' };
  }
}
