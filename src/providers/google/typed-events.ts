/** Google's chunks as typed events, for callers who speak another dialect. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { candidatesOf, indexOf, partsOf } from './chunk.ts';
import { PartialCalls } from './partial-calls.ts';
import { typedLogprobs, typedParts } from './parts.ts';

interface Open {
  readonly block: number;
  readonly type: 'text' | 'reasoning';
}

interface ChoiceBlocks {
  next: number;
  open: Open | null;
  readonly calls: PartialCalls;
}

/** One a stream. Blocks of a choice follow each other: each ends before the next begins. Calls come whole. */
export class TypedEvents {
  readonly #choices = new Map<number, ChoiceBlocks>();

  convert(events: readonly ChatEvent[]): ChatEvent[] {
    const out: ChatEvent[] = [];
    for (const event of events) {
      if (event.type === 'native') {
        for (const candidate of candidatesOf(event.event)) {
          const choice = indexOf(candidate);
          for (const part of partsOf(candidate)) this.#parts(choice, this.#of(choice).calls.take(part), out);
          const logprobs = typedLogprobs(candidate['logprobsResult']);
          if (logprobs !== null) out.push({ type: 'logprobs', choice, value: logprobs });
        }
      } else {
        if (event.type === 'finish') {
          this.#parts(event.choice, this.#of(event.choice).calls.flush(), out);
          this.#close(event.choice, undefined, out);
        }
        out.push(event);
      }
    }
    return out;
  }

  #parts(choice: number, parts: readonly JsonObject[], out: ChatEvent[]): void {
    for (const part of parts) for (const typed of typedParts(part)) this.#part(choice, typed, out);
  }

  #part(choice: number, part: Part, out: ChatEvent[]): void {
    switch (part.type) {
      case 'text':
        this.#write(choice, { type: 'text' }, part.text, out);
        break;
      case 'reasoning': {
        const isOpen = this.#of(choice).open?.type === 'reasoning';
        if (part.text !== '' || !isOpen) this.#write(choice, headOf(part), part.text, out);
        if (part.signature !== undefined) this.#close(choice, part.signature, out);
        break;
      }
      case 'tool-call': {
        const { argumentsJson, ...head } = part;
        const block = this.#begin(choice, head, out);
        out.push({ type: 'delta', choice, block, text: argumentsJson });
        out.push({ type: 'block-end', choice, block });
        break;
      }
      case 'opaque': {
        const block = this.#begin(choice, part, out);
        out.push({ type: 'block-end', choice, block });
        break;
      }
      default:
    }
  }

  #write(
    choice: number,
    head: BlockHead & { type: 'text' | 'reasoning' },
    text: string,
    out: ChatEvent[],
  ): void {
    const blocks = this.#of(choice);
    if (blocks.open?.type !== head.type) {
      const block = this.#begin(choice, head, out);
      blocks.open = { block, type: head.type };
    }
    const block = blocks.open?.block ?? 0;
    if (text !== '') out.push({ type: 'delta', choice, block, text });
  }

  #begin(choice: number, part: BlockHead, out: ChatEvent[]): number {
    this.#close(choice, undefined, out);
    const blocks = this.#of(choice);
    const block = blocks.next++;
    out.push({ type: 'block-start', choice, block, part });
    return block;
  }

  #close(choice: number, signature: string | undefined, out: ChatEvent[]): void {
    const blocks = this.#of(choice);
    if (blocks.open === null) return;
    const { block } = blocks.open;
    blocks.open = null;
    out.push({ type: 'block-end', choice, block, ...(signature === undefined ? {} : { signature }) });
  }

  #of(choice: number): ChoiceBlocks {
    let blocks = this.#choices.get(choice);
    if (blocks === undefined) {
      blocks = { next: 0, open: null, calls: new PartialCalls() };
      this.#choices.set(choice, blocks);
    }
    return blocks;
  }
}

function headOf(part: Part & { type: 'reasoning' }): BlockHead & { type: 'reasoning' } {
  return { type: 'reasoning', ...(part.format === undefined ? {} : { format: part.format }) };
}
