/**
 * `input` as messages. What an assistant said, thought and called in a row of items becomes one message of it, as other vendors have
 * it. What only OpenAI can read is refused by its name where it would be missed, and left out where it says nothing.
 */
import type { ChatMessage, MediaPart, MediaSource, Part, ReasoningPart, Role } from '../../chat/prompt.ts';
import { formatNamed, opened } from '../../chat/sealed.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf, sourceOf } from '../content.ts';
import { flatName } from './tools.ts';

/** Throws a 400 for what no other provider can be told. */
export function messagesOf(body: JsonObject): readonly ChatMessage[] {
  const { input, instructions } = body;
  const conversation = new Conversation();
  if (typeof instructions === 'string' && instructions !== '') {
    conversation.say('system', [{ type: 'text', text: instructions }]);
  } else if (Array.isArray(instructions)) conversation.addAll(instructions);
  if (typeof input === 'string') conversation.say('user', [{ type: 'text', text: input }]);
  else if (Array.isArray(input)) conversation.addAll(input);
  return conversation.messages;
}

/** Another spelling of the tool that ran a call, and what it read, in `action` or `operation`. */
const CLIENT_CALLS = new Set<unknown>(['local_shell_call', 'shell_call', 'apply_patch_call']);
const CLIENT_OUTPUTS = new Set<unknown>([
  'local_shell_call_output',
  'shell_call_output',
  'apply_patch_call_output',
]);
/** They stand for a conversation, or ask for something, that OpenAI alone can read or do. */
const SEALED = new Set<unknown>(['compaction', 'context_compaction', 'compaction_trigger', 'computer_call']);

class Conversation {
  readonly messages: ChatMessage[] = [];
  /** Of the assistant's message that is being gathered. */
  #said: Part[] | null = null;
  /** By its id, the message that made a call. */
  readonly #called = new Map<string, ChatMessage>();
  /** What stands beside a call that is still to come, by its id. */
  readonly #extras = new Map<string, JsonObject>();

  addAll(items: readonly unknown[]): void {
    for (const [position, item] of items.entries()) {
      if (isJsonObject(item)) this.#add(item, position);
    }
  }

  say(role: Role, parts: readonly Part[]): void {
    this.#said = null;
    this.messages.push({ role, name: null, parts });
  }

  #add(item: JsonObject, position: number): void {
    const { type } = item;
    switch (type) {
      case undefined:
      case null:
      case 'message':
        this.#message(item);
        return;
      case 'reasoning':
        this.#reasoning(item);
        return;
      case 'function_call':
        this.#call(item, textOrNull(item['arguments']) ?? '', extraOf(item));
        return;
      case 'custom_tool_call':
        this.#call(item, JSON.stringify({ input: textOrNull(item['input']) ?? '' }));
        return;
      case 'tool_search_call':
        if (item['execution'] !== 'server')
          this.#call({ ...item, name: 'tool_search' }, JSON.stringify(item['arguments'] ?? {}));
        return;
      case 'mcp_call':
        this.#mcpCall(item);
        return;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#output(item, outputParts(item['output']), position);
        return;
      case 'tool_search_output':
        if (item['execution'] === 'server') return;
        this.#output(item, [{ type: 'text', text: foundTools(item['tools']) }], position);
        return;
      default:
        if (CLIENT_CALLS.has(type)) {
          const name = String(type).slice(0, -'_call'.length);
          this.#call({ ...item, name }, JSON.stringify(item['action'] ?? item['operation'] ?? {}));
        } else if (CLIENT_OUTPUTS.has(type)) this.#output(item, outputParts(item['output']), position);
        else if (SEALED.has(type))
          throw invalidRequest(`input[${position}]: this model's provider cannot read a ${String(type)}`);
    }
  }

  #message({ role, content }: JsonObject): void {
    const parts = contentParts(content);
    if (role === 'assistant') this.#assistant(...parts);
    else this.say(role === 'system' || role === 'developer' ? role : 'user', parts);
  }

  #assistant(...parts: readonly Part[]): void {
    if (this.#said === null) {
      this.#said = [];
      this.messages.push({ role: 'assistant', name: null, parts: this.#said });
    }
    this.#said.push(...parts);
  }

  /** Thoughts that nobody signed or sealed go back as they were shown. */
  #reasoning({ id, summary, content, encrypted_content: sealed, signature, format }: JsonObject): void {
    const text = [...listOf(summary), ...listOf(content)]
      .map((part) => textOrNull(part['text']) ?? '')
      .join('');
    const named = typeof id === 'string' ? { id } : {};
    const kept = typeof sealed === 'string' && sealed !== '' ? opened(sealed) : null;
    if (kept?.kind === 'call') {
      this.#extras.set(kept.callId, kept.extra);
      if (text === '') return;
    }
    const thought: Partial<ReasoningPart> =
      kept?.kind === 'thought' ? kept.thought : signedBy(signature, format);
    if (text === '' && thought.signature === undefined && thought.redacted === undefined) return;
    this.#assistant({ type: 'reasoning', text, ...named, ...thought });
  }

  #call(item: JsonObject, argumentsJson: string, extra: JsonObject = {}): void {
    const id = callIdOf(item);
    const kept = { ...this.#extras.get(id), ...extra };
    this.#assistant({
      type: 'tool-call',
      id,
      name: flatName(textOrNull(item['namespace']), textOrNull(item['name']) ?? ''),
      argumentsJson,
      ...(Object.keys(kept).length === 0 ? {} : { extra: kept }),
    });
    const message = this.messages.at(-1);
    if (message !== undefined) this.#called.set(id, message);
  }

  /** OpenAI ran it: call and result are in one item. */
  #mcpCall(item: JsonObject): void {
    this.#call(item, textOrNull(item['arguments']) ?? '');
    const failure = item['error'] ?? null;
    const text = textOrNull(item['output']) ?? (failure === null ? '' : JSON.stringify(failure));
    this.#result(callIdOf(item), [{ type: 'text', text }], failure !== null);
  }

  #output(item: JsonObject, content: readonly Part[], position: number): void {
    const id = callIdOf(item);
    if (!this.#called.has(id))
      throw invalidRequest(`input[${position}]: no tool call in the input has the call_id "${id}"`);
    this.#result(id, content, false);
  }

  /** Right behind its call, where most vendors insist on it, whatever its client has told in between. */
  #result(callId: string, content: readonly Part[], isError: boolean): void {
    const caller = this.#called.get(callId);
    let at = caller === undefined ? this.messages.length : this.messages.lastIndexOf(caller) + 1;
    while (this.messages[at]?.role === 'tool') at += 1;
    this.#said = null;
    const parts = [{ type: 'tool-result', callId, content, isError } as const];
    this.messages.splice(at, 0, { role: 'tool', name: null, parts });
  }
}

function callIdOf(item: JsonObject): string {
  return textOrNull(item['call_id']) ?? textOrNull(item['id']) ?? '';
}

const CALL_MEMBERS = new Set([
  ...['type', 'id', 'call_id', 'name', 'namespace', 'arguments', 'status'],
  ...['async', 'caller', 'created_by', 'internal_chat_message_metadata_passthrough'],
]);

/** What another vendor wants back with a call. */
function extraOf(item: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(item).filter(([name, value]) => !CALL_MEMBERS.has(name) && isJsonObject(value)),
  );
}

function signedBy(signature: unknown, word: unknown): Partial<ReasoningPart> {
  if (typeof signature !== 'string') return {};
  const format = formatNamed(word);
  return { signature, ...(format === undefined ? {} : { format }) };
}

function foundTools(tools: unknown): string {
  const names = listOf(tools).flatMap((tool) =>
    tool['type'] === 'namespace'
      ? listOf(tool['tools']).map((inner) => flatName(textOrNull(tool['name']), String(inner['name'])))
      : [String(tool['name'])],
  );
  return names.length === 0 ? 'No tools were found.' : `These tools can be called now: ${names.join(', ')}`;
}

function outputParts(output: unknown): readonly Part[] {
  if (typeof output === 'string') return [{ type: 'text', text: output }];
  const parts = listOf(output);
  const isContent = parts.length > 0 && parts.every(({ type }) => CONTENT.has(type));
  if (isContent) return parts.map(contentPart);
  return [{ type: 'text', text: output === undefined || output === null ? '' : JSON.stringify(output) }];
}

const CONTENT = new Set<unknown>(['input_text', 'output_text', 'text', 'input_image', 'input_file']);

function contentParts(content: unknown): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return listOf(content).map(contentPart);
}

function contentPart(part: JsonObject): Part {
  const cache = isJsonObject(part['prompt_cache_breakpoint']) ? ({ cache: '5m' } as const) : {};
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      return { type: 'text', text: textOrNull(part['text']) ?? '', ...cache };
    case 'refusal':
      return { type: 'refusal', text: textOrNull(part['refusal']) ?? '' };
    case 'input_image':
      return { ...imagePart(part), ...cache };
    case 'input_file':
      return { ...filePart(part), ...cache };
    case 'input_audio':
      return audioPart(part['input_audio']);
    case 'input_video':
      return { type: 'media', kind: 'video', source: sourceOf(urlOf(part['video_url'])) };
    default:
      return { type: 'opaque', dialect: 'openai-responses', value: part };
  }
}

function imagePart(part: JsonObject): MediaPart {
  const detail = textOrNull(part['detail']);
  const source = sourceBy(textOrNull(part['file_id']), urlOf(part['image_url']));
  return { type: 'media', kind: 'image', source, ...(detail === null ? {} : { detail }) };
}

function filePart(part: JsonObject): MediaPart {
  const name = textOrNull(part['filename']);
  const url = textOrNull(part['file_data']) ?? urlOf(part['file_url']);
  const source = sourceBy(textOrNull(part['file_id']), url);
  return { type: 'media', kind: 'file', source, ...(name === null ? {} : { fileName: name }) };
}

function audioPart(audio: unknown): MediaPart {
  const { data, format } = isJsonObject(audio) ? audio : {};
  const mediaType = `audio/${textOrNull(format) ?? 'wav'}`;
  return {
    type: 'media',
    kind: 'audio',
    source: { kind: 'base64', mediaType, data: textOrNull(data) ?? '' },
  };
}

function sourceBy(id: string | null, url: string): MediaSource {
  return id !== null && url === '' ? { kind: 'id', id } : sourceOf(url);
}

/** Some write an object with a `url`, as chat completions have it. */
function urlOf(value: unknown): string {
  return textOrNull(value) ?? (isJsonObject(value) ? textOrNull(value['url']) : null) ?? '';
}
