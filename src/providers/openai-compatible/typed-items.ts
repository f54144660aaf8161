/** Items of OpenAI's Responses as typed parts and events, for callers of the same dialect whose answers are looked through. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

const FORMAT = 'openai-responses-v1';

/** Where an event has text that grows. */
const TEXT_DELTAS: Readonly<Record<string, 'text' | 'refusal' | 'reasoning'>> = {
  'response.output_text.delta': 'text',
  'response.refusal.delta': 'refusal',
  'response.reasoning_summary_text.delta': 'reasoning',
  'response.reasoning_text.delta': 'reasoning',
};

/** Of an item: the blocks that are being written, by what they are. */
interface OpenItem {
  readonly blocks: Map<string, number>;
  readonly kind: 'message' | 'reasoning' | 'call' | 'other';
  hasArguments: boolean;
}

/** One a stream. What came of an item that tells no pieces is told when all of it is here. */
export class TypedItems {
  readonly #items = new Map<unknown, OpenItem>();
  #next = 0;

  convert(events: readonly ChatEvent[]): ChatEvent[] {
    const out: ChatEvent[] = [];
    for (const event of events) {
      if (event.type === 'native') this.#native(event.event, out);
      else {
        if (event.type === 'finish') this.#endAll(out);
        out.push(event);
      }
    }
    return out;
  }

  #native(event: JsonObject, out: ChatEvent[]): void {
    const { type, item, output_index: index, delta } = event;
    if (type === 'response.output_item.added' && isJsonObject(item)) this.#begin(index, item, out);
    else if (type === 'response.output_item.done' && isJsonObject(item)) this.#end(index, item, out);
    else if (typeof delta === 'string' && delta !== '') this.#delta(event, delta, out);
  }

  #begin(index: unknown, item: JsonObject, out: ChatEvent[]): OpenItem {
    const kind = kindOf(item);
    const open: OpenItem = { blocks: new Map(), kind, hasArguments: false };
    this.#items.set(index, open);
    if (kind === 'call') this.#block(open, 'arguments', callHead(item), out);
    return open;
  }

  #delta(event: JsonObject, text: string, out: ChatEvent[]): void {
    const open = this.#items.get(event['output_index']);
    if (open === undefined) return;
    const type = TEXT_DELTAS[String(event['type'])];
    if (type === undefined) {
      if (event['type'] !== 'response.function_call_arguments.delta' || open.kind !== 'call') return;
      open.hasArguments = true;
      const block = open.blocks.get('arguments') ?? 0;
      out.push({ type: 'delta', choice: 0, block, text });
      return;
    }
    const part = event['content_index'] ?? event['summary_index'] ?? 0;
    const key = type === 'reasoning' ? 'reasoning' : `${type} ${String(part)}`;
    const head: BlockHead = type === 'reasoning' ? { type, format: FORMAT } : { type };
    const block = open.blocks.get(key) ?? this.#block(open, key, head, out);
    out.push({ type: 'delta', choice: 0, block, text });
  }

  #end(index: unknown, item: JsonObject, out: ChatEvent[]): void {
    const open = this.#items.get(index) ?? this.#begin(index, item, out);
    this.#items.delete(index);
    const block = open.blocks.get('arguments');
    if (block !== undefined && !open.hasArguments) {
      const text = textOrNull(item['arguments']) ?? '';
      if (text !== '') out.push({ type: 'delta', choice: 0, block, text });
    }
    const isUntold = open.blocks.size === 0;
    for (const one of open.blocks.values()) out.push({ type: 'block-end', choice: 0, block: one });
    if (open.kind === 'reasoning')
      this.#whole(
        partsOfItem(item).filter((part) => isSeal(part) || isUntold),
        out,
      );
    else if (isUntold) this.#whole(partsOfItem(item), out);
  }

  #endAll(out: ChatEvent[]): void {
    for (const { blocks } of this.#items.values())
      for (const block of blocks.values()) out.push({ type: 'block-end', choice: 0, block });
    this.#items.clear();
  }

  /** Parts that come at once. */
  #whole(parts: readonly Part[], out: ChatEvent[]): void {
    for (const part of parts) {
      const block = this.#next;
      this.#next += 1;
      const told = headAndText(part);
      if (told === null) continue;
      out.push({ type: 'block-start', choice: 0, block, part: told.head });
      if (told.text !== '') out.push({ type: 'delta', choice: 0, block, text: told.text });
      out.push({ type: 'block-end', choice: 0, block });
    }
  }

  #block(open: OpenItem, key: string, part: BlockHead, out: ChatEvent[]): number {
    const block = this.#next;
    this.#next += 1;
    open.blocks.set(key, block);
    out.push({ type: 'block-start', choice: 0, block, part });
    return block;
  }
}

function kindOf({ type }: JsonObject): OpenItem['kind'] {
  if (type === 'message' || type === 'reasoning') return type;
  return type === 'function_call' ? 'call' : 'other';
}

function callHead(item: JsonObject): BlockHead & { type: 'tool-call' } {
  return { type: 'tool-call', id: textOrNull(item['call_id']) ?? '', name: textOrNull(item['name']) ?? '' };
}

const isSeal = (part: Part): boolean => part.type === 'reasoning' && part.redacted !== undefined;

/** Thoughts as their texts, and beside them what OpenAI sealed. Whatever has no typed place stays one piece. */
export function partsOfItem(item: JsonObject): Part[] {
  switch (kindOf(item)) {
    case 'message':
      return listOf(item['content']).flatMap((part): Part[] => {
        const text = textOrNull(part['text']);
        const refusal = textOrNull(part['refusal']);
        return [
          ...(text === null ? [] : [{ type: 'text', text } as const]),
          ...(refusal === null ? [] : [{ type: 'refusal', text: refusal } as const]),
        ];
      });
    case 'reasoning': {
      const text = [...listOf(item['summary']), ...listOf(item['content'])]
        .map((part) => textOrNull(part['text']) ?? '')
        .join('');
      const sealed = textOrNull(item['encrypted_content']);
      return [
        ...(text === '' ? [] : [{ type: 'reasoning', text, format: FORMAT } as const]),
        ...(sealed === null
          ? []
          : [{ type: 'reasoning', text: '', redacted: sealed, format: FORMAT } as const]),
      ];
    }
    case 'call':
      return [{ ...callHead(item), argumentsJson: textOrNull(item['arguments']) ?? '' }];
    default:
      return [{ type: 'opaque', dialect: 'openai-responses', value: item }];
  }
}

function headAndText(part: Part): { readonly head: BlockHead; readonly text: string } | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { head: { type: part.type }, text: part.text };
    case 'reasoning': {
      const { text, ...head } = part;
      return { head, text };
    }
    case 'tool-call': {
      const { argumentsJson, ...head } = part;
      return { head, text: argumentsJson };
    }
    case 'opaque':
      return { head: part, text: '' };
    default:
      return null;
  }
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
