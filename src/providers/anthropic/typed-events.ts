/** Events of Anthropic's messages as typed ones, for callers who speak another dialect. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

interface Open {
  readonly block: number;
  readonly kind: 'text' | 'thinking' | 'call' | 'opaque';
  signature: string;
  /** Arguments of a call that came whole with its beginning: told at its end, unless they come in pieces. */
  input: unknown;
  hasInput: boolean;
}

/**
 * One a stream. Citations are left out: no other dialect has a place for where in a document a text comes from. So is what tools that
 * run at the vendor say, but as blocks of this dialect.
 */
export class TypedEvents {
  /** By the vendor's index. */
  readonly #open = new Map<unknown, Open>();
  #next = 0;

  convert(events: readonly ChatEvent[]): ChatEvent[] {
    const out: ChatEvent[] = [];
    for (const event of events) {
      if (event.type === 'native') this.#native(event.event, out);
      else {
        if (event.type === 'finish') this.#closeAll(out);
        out.push(event);
      }
    }
    return out;
  }

  #native(event: JsonObject, out: ChatEvent[]): void {
    const { type, index } = event;
    if (type === 'message_start') this.#prepared(event['message'], out);
    else if (type === 'content_block_start' && isJsonObject(event['content_block'])) {
      this.#close(index, out);
      this.#begin(index, event['content_block'], out);
    } else if (type === 'content_block_delta' && isJsonObject(event['delta'])) {
      this.#delta(index, event['delta'], out);
    } else if (type === 'content_block_stop') this.#close(index, out);
  }

  /** Blocks that the message has when it begins. */
  #prepared(message: unknown, out: ChatEvent[]): void {
    const content = isJsonObject(message) && Array.isArray(message['content']) ? message['content'] : [];
    for (const block of content) {
      if (!isJsonObject(block)) continue;
      this.#begin('prepared', block, out);
      this.#close('prepared', out);
    }
  }

  #begin(index: unknown, given: JsonObject, out: ChatEvent[]): Open {
    const block = this.#next;
    this.#next += 1;
    const open: Open = {
      block,
      kind: kindOf(given['type']),
      signature: '',
      input: given['input'],
      hasInput: false,
    };
    this.#open.set(index, open);
    out.push({ type: 'block-start', choice: 0, block, part: headOf(open.kind, given) });
    const text = textOrNull(given['type'] === 'thinking' ? given['thinking'] : given['text']);
    if (text !== null && text !== '' && (open.kind === 'text' || open.kind === 'thinking')) {
      out.push({ type: 'delta', choice: 0, block, text });
    }
    if (given['type'] === 'thinking') open.signature = textOrNull(given['signature']) ?? '';
    return open;
  }

  #delta(index: unknown, delta: JsonObject, out: ChatEvent[]): void {
    const { type } = delta;
    const open = this.#open.get(index) ?? this.#unannounced(index, type, out);
    if (open === null) return;
    if (type === 'signature_delta') open.signature += textOrNull(delta['signature']) ?? '';
    const text = textOf(open, delta);
    if (text === null || text === '') return;
    open.hasInput = true;
    out.push({ type: 'delta', choice: 0, block: open.block, text });
  }

  /** Some begin without saying so. */
  #unannounced(index: unknown, type: unknown, out: ChatEvent[]): Open | null {
    if (type === 'text_delta') return this.#begin(index, { type: 'text' }, out);
    return type === 'thinking_delta' ? this.#begin(index, { type: 'thinking' }, out) : null;
  }

  #closeAll(out: ChatEvent[]): void {
    for (const index of [...this.#open.keys()]) this.#close(index, out);
  }

  #close(index: unknown, out: ChatEvent[]): void {
    const open = this.#open.get(index);
    if (open === undefined) return;
    this.#open.delete(index);
    const { block, kind, signature } = open;
    if (kind === 'call' && !open.hasInput) {
      out.push({ type: 'delta', choice: 0, block, text: argumentsOf(open.input) });
    }
    out.push({ type: 'block-end', choice: 0, block, ...(signature === '' ? {} : { signature }) });
  }
}

function kindOf(type: unknown): Open['kind'] {
  if (type === 'text') return 'text';
  if (type === 'thinking' || type === 'redacted_thinking') return 'thinking';
  return type === 'tool_use' ? 'call' : 'opaque';
}

function headOf(kind: Open['kind'], given: JsonObject): BlockHead {
  switch (kind) {
    case 'text':
      return { type: 'text' };
    case 'thinking': {
      const redacted = given['type'] === 'redacted_thinking' ? { redacted: String(given['data'] ?? '') } : {};
      return { type: 'reasoning', format: 'anthropic-claude-v1', ...redacted };
    }
    case 'call':
      return { type: 'tool-call', id: String(given['id'] ?? ''), name: String(given['name'] ?? '') };
    default:
      return { type: 'opaque', dialect: 'anthropic-messages', value: given };
  }
}

function textOf({ kind }: Open, delta: JsonObject): string | null {
  if (kind === 'text' && delta['type'] === 'text_delta') return textOrNull(delta['text']);
  if (kind === 'thinking' && delta['type'] === 'thinking_delta') return textOrNull(delta['thinking']);
  return kind === 'call' && delta['type'] === 'input_json_delta' ? textOrNull(delta['partial_json']) : null;
}

/** As a caller of another dialect reads them. Text: it is what the model wrote, and no JSON. */
export function argumentsOf(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input ?? {});
}
