/** Canonical chunks of OpenAI's dialect as typed events, for callers who speak another one. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { ReasoningFormat } from '../../chat/prompt.ts';
import { formatNamed } from '../../chat/sealed.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

const OPAQUE = ['images', 'audio', 'annotations'] as const;

/** Of one choice: the block that is being written, and those of its tool calls by their index. */
interface ChoiceBlocks {
  next: number;
  readonly calls: Map<number, number>;
  open: { readonly block: number; readonly kind: string; signature: string | undefined } | null;
}

type NativeEvent = Extract<ChatEvent, { type: 'native' }>;

/**
 * One a stream. Blocks of a choice follow each other: each begins when its first text comes and ends before the next begins. Those of
 * tool calls stay open until the choice has finished, because vendors write several of them in turn.
 */
export class TypedEvents {
  readonly #choices = new Map<number, ChoiceBlocks>();

  /** The same events, each native one taken apart. */
  convert(events: readonly ChatEvent[]): ChatEvent[] {
    const out: ChatEvent[] = [];
    for (const event of events) {
      if (event.type === 'native') this.#native(event, out);
      else if (event.type === 'finish') {
        this.#close(event.choice, out);
        this.#closeCalls(event.choice, out);
        out.push(event);
      } else out.push(event);
    }
    return out;
  }

  #native({ event }: NativeEvent, out: ChatEvent[]): void {
    for (const choice of listOf(event['choices'])) {
      const index = Number(choice['index']);
      const delta = isJsonObject(choice['delta']) ? choice['delta'] : {};
      // Most say a word and nothing else.
      if (delta['reasoning'] !== undefined || delta['reasoning_details'] !== undefined)
        this.#reasoning(index, delta, out);
      this.#text(index, 'text', delta['content'], out);
      this.#text(index, 'refusal', delta['refusal'], out);
      if (delta['tool_calls'] !== undefined)
        for (const call of listOf(delta['tool_calls'])) this.#call(index, call, out);
      for (const name of OPAQUE) this.#opaque(index, name, delta[name], out);
      if (isJsonObject(choice['logprobs'])) {
        out.push({ type: 'logprobs', choice: index, value: choice['logprobs'] });
      }
    }
  }

  #reasoning(choice: number, delta: JsonObject, out: ChatEvent[]): void {
    const details = listOf(delta['reasoning_details']);
    const head = { type: 'reasoning', ...namesOf(details[0]) } as const;
    const text = delta['reasoning'];
    if (typeof text === 'string' && text !== '') {
      const { block } = this.#open(choice, 'reasoning', head, out);
      out.push({ type: 'delta', choice, block, text });
    }
    for (const detail of details) {
      const { signature, data } = detail;
      if (typeof signature === 'string' && signature !== '') {
        this.#open(choice, 'reasoning', head, out).signature = signature;
      } else if (detail['type'] === 'reasoning.encrypted' && typeof data === 'string') {
        this.#close(choice, out);
        this.#open(choice, 'sealed', { type: 'reasoning', ...namesOf(detail), redacted: data }, out);
        this.#close(choice, out);
      }
    }
  }

  #text(choice: number, type: 'text' | 'refusal', text: unknown, out: ChatEvent[]): void {
    if (typeof text !== 'string' || text === '') return;
    const { block } = this.#open(choice, type, { type }, out);
    out.push({ type: 'delta', choice, block, text });
  }

  #call(choice: number, call: JsonObject, out: ChatEvent[]): void {
    const { index, id, type: _, function: fn, ...extra } = call;
    const given = isJsonObject(fn) ? fn : {};
    const blocks = this.#blocks(choice);
    let block = blocks.calls.get(Number(index));
    if (block === undefined) {
      this.#close(choice, out);
      block = blocks.next;
      blocks.next += 1;
      blocks.calls.set(Number(index), block);
      const part: BlockHead = {
        type: 'tool-call',
        id: String(id ?? ''),
        name: String(given['name'] ?? ''),
        ...(Object.keys(extra).length === 0 ? {} : { extra }),
      };
      out.push({ type: 'block-start', choice, block, part });
    }
    const text = given['arguments'];
    if (typeof text === 'string' && text !== '') out.push({ type: 'delta', choice, block, text });
  }

  #closeCalls(choice: number, out: ChatEvent[]): void {
    const { calls } = this.#blocks(choice);
    for (const block of calls.values()) out.push({ type: 'block-end', choice, block });
    calls.clear();
  }

  #opaque(choice: number, name: string, value: unknown, out: ChatEvent[]): void {
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return;
    this.#close(choice, out);
    this.#open(choice, name, { type: 'opaque', dialect: 'openai-chat', value: { [name]: value } }, out);
    this.#close(choice, out);
  }

  #open(choice: number, kind: string, part: BlockHead, out: ChatEvent[]) {
    const blocks = this.#blocks(choice);
    if (blocks.open?.kind === kind) return blocks.open;
    this.#close(choice, out);
    const open = { block: blocks.next, kind, signature: undefined };
    blocks.next += 1;
    blocks.open = open;
    out.push({ type: 'block-start', choice, block: open.block, part });
    return open;
  }

  #close(choice: number, out: ChatEvent[]): void {
    const blocks = this.#blocks(choice);
    if (blocks.open === null) return;
    const { block, signature } = blocks.open;
    blocks.open = null;
    out.push({ type: 'block-end', choice, block, ...(signature === undefined ? {} : { signature }) });
  }

  #blocks(choice: number): ChoiceBlocks {
    let blocks = this.#choices.get(choice);
    if (blocks === undefined) {
      blocks = { next: 0, calls: new Map(), open: null };
      this.#choices.set(choice, blocks);
    }
    return blocks;
  }
}

/** Whose thought it is, and what they call it; neither where the vendor does not say. */
export function namesOf(detail: JsonObject | undefined): { format?: ReasoningFormat; id?: string } {
  const format = formatNamed(detail?.['format']);
  const id = detail?.['id'];
  return {
    ...(format === undefined || format === 'unknown' ? {} : { format }),
    ...(typeof id === 'string' && id !== '' ? { id } : {}),
  };
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
