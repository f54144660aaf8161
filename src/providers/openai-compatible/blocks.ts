/** Canonical choices as blocks that begin, grow and end: what a caller of another dialect is told of an answer. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { CanonicalChoice } from './choice.ts';

/** What only OpenAI's dialect can say of an answer. */
const OPAQUE_MEMBERS = ['images', 'audio', 'annotations'];

export class ChoiceBlocks {
  readonly #choice: number;
  /** The block that grows, and what it is. */
  #open: { readonly block: number; readonly what: string } | null = null;
  #blocks = 0;
  /** Of the calls, which may grow in turn: each ends with the answer. */
  #callBlocks: Map<unknown, number> | undefined;

  constructor(choice: number) {
    this.#choice = choice;
  }

  add(choice: CanonicalChoice, events: ChatEvent[]): void {
    const { delta } = choice;
    this.#text(delta['reasoning'], { type: 'reasoning' }, events);
    this.#signature(delta['reasoning_details'], events);
    this.#text(delta['content'], { type: 'text' }, events);
    this.#text(delta['refusal'], { type: 'refusal' }, events);
    const calls = delta['tool_calls'];
    if (Array.isArray(calls)) for (const call of calls) this.#call(call, events);
    for (const name of OPAQUE_MEMBERS) this.#opaque(name, delta[name], events);
    const logprobs = choice['logprobs'];
    if (isJsonObject(logprobs)) events.push({ type: 'logprobs', choice: this.#choice, value: logprobs });
    if (choice.finish_reason === null) return;
    this.#close(events);
    for (const block of this.#callBlocks?.values() ?? [])
      events.push({ type: 'block-end', choice: this.#choice, block });
    this.#callBlocks = undefined;
    const { finish_reason: reason, native_finish_reason: native } = choice;
    events.push({ type: 'finish', choice: this.#choice, reason, native });
  }

  #text(text: unknown, part: { type: 'text' | 'reasoning' | 'refusal' }, events: ChatEvent[]): void {
    if (typeof text !== 'string' || text === '') return;
    this.#grow(part.type, part, text, events);
  }

  #signature(details: unknown, events: ChatEvent[]): void {
    if (!Array.isArray(details)) return;
    const signature = details.map((detail) => textOrNull(detail?.signature)).find((text) => text !== null);
    if (signature === undefined) return;
    if (this.#open?.what !== 'reasoning') this.#begin('reasoning', { type: 'reasoning' }, events);
    this.#close(events, signature);
  }

  #call(call: JsonObject, events: ChatEvent[]): void {
    const { index, id, type: _, function: called, ...extra } = call;
    const fn = isJsonObject(called) ? called : {};
    this.#callBlocks ??= new Map();
    let block = this.#callBlocks.get(index);
    if (block === undefined) {
      this.#close(events);
      block = this.#blocks++;
      this.#callBlocks.set(index, block);
      const more = Object.keys(extra).length === 0 ? {} : { extra };
      const name = textOrNull(fn['name']) ?? '';
      const part: BlockHead = { type: 'tool-call', id: textOrNull(id) ?? '', name, ...more };
      events.push({ type: 'block-start', choice: this.#choice, block, part });
    }
    const text = textOrNull(fn['arguments']) ?? '';
    if (text !== '') events.push({ type: 'delta', choice: this.#choice, block, text });
  }

  #opaque(name: string, value: unknown, events: ChatEvent[]): void {
    if (value === undefined || value === null) return;
    this.#begin(
      `opaque ${this.#blocks}`,
      { type: 'opaque', dialect: 'openai-chat', value: { [name]: value } },
      events,
    );
    this.#close(events);
  }

  #grow(what: string, part: BlockHead, text: string, events: ChatEvent[]): void {
    if (this.#open?.what !== what) this.#begin(what, part, events);
    this.#delta(text, events);
  }

  #delta(text: string, events: ChatEvent[]): void {
    if (this.#open === null) return;
    events.push({ type: 'delta', choice: this.#choice, block: this.#open.block, text });
  }

  #begin(what: string, part: BlockHead, events: ChatEvent[]): void {
    this.#close(events);
    this.#open = { block: this.#blocks++, what };
    events.push({ type: 'block-start', choice: this.#choice, block: this.#open.block, part });
  }

  #close(events: ChatEvent[], signature?: string): void {
    if (this.#open === null) return;
    const { block } = this.#open;
    this.#open = null;
    events.push({
      type: 'block-end',
      choice: this.#choice,
      block,
      ...(signature === undefined ? {} : { signature }),
    });
  }
}
