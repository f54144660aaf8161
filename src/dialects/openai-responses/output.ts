/**
 * The items that an answer is made of, told event by event as they grow. What has ended is closed when the next block begins or the
 * answer ends: only then is it known whether it is whole, and what was quoted in it.
 */
import type { BlockHead, ChatEvent, FinishReason } from '../../chat/event.ts';
import { sealedExtra } from '../../chat/sealed.ts';
import type { JsonObject } from '../../json.ts';
import { listOf } from '../content.ts';
import type { AnswerHead } from '../dialect.ts';
import { Call } from './output-call.ts';
import { annotationOf, Message, type TextBlock } from './output-message.ts';
import { imageItem, Reasoning } from './output-reasoning.ts';
import { type Remembered, recalled } from './remembered.ts';

/** Tells a stream's reader of one event; what a whole answer is put together with tells nobody. */
export type Emit = (type: string, members: JsonObject) => void;

/** Where an item stands, and what it is called. */
export interface Place {
  readonly index: number;
  readonly id: string;
}

type Block =
  | { readonly kind: 'text'; readonly text: TextBlock; readonly message: Message }
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'reasoning'; readonly reasoning: Reasoning }
  | { readonly kind: 'waiting'; readonly type: 'text' | 'refusal' }
  | { readonly kind: 'unseen' };

/** Of the first choice: a response has no others. */
export class Output {
  /** As far as they have come. */
  readonly items: JsonObject[] = [];
  finishReason: FinishReason | null = null;
  serviceTier: string | null = null;
  readonly #head: AnswerHead;
  readonly #remembered: Remembered;
  readonly #emit: Emit;
  readonly #blocks = new Map<number, Block>();
  /** Not closed yet, in the order of their items. */
  #open: (Message | Call | Reasoning)[] = [];
  /** The one that more text would join. */
  #message: Message | null = null;

  constructor(head: AnswerHead, emit: Emit) {
    this.#head = head;
    this.#remembered = recalled(head.remembered);
    this.#emit = emit;
  }

  add(events: readonly ChatEvent[]): void {
    for (const [at, event] of events.entries()) {
      const next = events[at + 1];
      this.#add(event, next?.type === 'logprobs' ? next.value : null);
    }
  }

  /** Nothing more comes. What was still being written when it ended is incomplete. */
  close(finish: FinishReason | null): void {
    const isWhole = finish !== 'length' && finish !== 'content_filter';
    for (const item of this.#open) this.#close(item, isWhole);
    this.#open = [];
    this.#message = null;
  }

  /** It broke off: what has come of each item is kept, and nobody is told of an end. */
  interrupt(): void {
    for (const item of this.#open) this.#keep(item, item.item('incomplete'));
  }

  #add(event: ChatEvent, logprobs: JsonObject | null): void {
    switch (event.type) {
      case 'meta':
        this.serviceTier = event.serviceTier ?? this.serviceTier;
        return;
      case 'finish':
        if (event.choice === 0) this.finishReason = event.reason;
        return;
      case 'block-start':
        if (event.choice === 0) this.#blockStart(event.block, event.part);
        return;
      case 'delta':
        if (event.choice === 0) this.#delta(event.block, event.text, logprobs);
        return;
      case 'block-end':
        if (event.choice === 0) this.#blockEnd(event.block, event.signature);
        return;
      default:
    }
  }

  #blockStart(block: number, part: BlockHead): void {
    switch (part.type) {
      case 'text':
      case 'refusal':
        this.#closeEnded(true);
        this.#blocks.set(block, { kind: 'waiting', type: part.type });
        return;
      case 'reasoning': {
        this.#closeEnded(false);
        if (this.#head.excludesReasoning) {
          this.#blocks.set(block, { kind: 'unseen' });
          return;
        }
        const reasoning = new Reasoning(part, this.#remembered.wantsSealed, this.#emit, () =>
          this.#place('rs'),
        );
        this.#blocks.set(block, { kind: 'reasoning', reasoning });
        this.#open.push(reasoning);
        return;
      }
      case 'tool-call':
        this.#closeEnded(false);
        this.#call(block, part);
        return;
      case 'opaque':
        this.#blocks.set(block, { kind: 'unseen' });
        this.#opaque(part.dialect, part.value);
    }
  }

  #call(block: number, { id, name, extra }: BlockHead & { type: 'tool-call' }): void {
    if (extra !== undefined && this.#remembered.wantsSealed && !this.#head.excludesReasoning) {
      const { id: itemId } = this.#place('rs');
      this.#whole({ type: 'reasoning', id: itemId, summary: [], encrypted_content: sealedExtra(id, extra) });
    }
    const known = Object.hasOwn(this.#remembered.kinds, name) ? this.#remembered.kinds[name] : undefined;
    const kind = known ?? { type: 'function' as const, name };
    const call = new Call(kind, id, extra ?? {}, this.#emit, (prefix) => this.#place(prefix));
    this.#blocks.set(block, { kind: 'call', call });
    this.#open.push(call);
  }

  #delta(number: number, text: string, logprobs: JsonObject | null): void {
    if (text === '') return;
    let block = this.#blocks.get(number) ?? { kind: 'waiting', type: 'text' };
    if (block.kind === 'waiting') {
      this.#message ??= this.#newMessage();
      const begun = this.#message.begin(block.type);
      block = { kind: 'text', text: begun, message: this.#message };
      this.#blocks.set(number, block);
    }
    if (block.kind === 'text') {
      block.message.write(block.text, text, logprobs);
    } else if (block.kind === 'call') block.call.write(text);
    else if (block.kind === 'reasoning') block.reasoning.write(text);
  }

  #newMessage(): Message {
    const message = new Message(this.#emit, this.#place('msg'));
    this.#open.push(message);
    return message;
  }

  #blockEnd(number: number, signature: string | undefined): void {
    const block = this.#blocks.get(number);
    if (block?.kind === 'text') block.text.hasEnded = true;
    else if (block?.kind === 'call') block.call.hasEnded = true;
    else if (block?.kind === 'reasoning') block.reasoning.end(signature);
  }

  /** What another wire format of OpenAI's, or this one, has and the middle has no words for. */
  #opaque(dialect: string, value: JsonObject): void {
    if (dialect === 'openai-responses' && typeof value['type'] === 'string') {
      this.#closeEnded(false);
      const { id } = this.#place('item');
      this.#whole({ ...value, id: value['id'] ?? id });
      return;
    }
    if (dialect !== 'openai-chat') return;
    for (const annotation of listOf(value['annotations'])) {
      const told = annotationOf(annotation);
      if (told !== null) this.#message?.annotate(told);
    }
    for (const image of listOf(value['images'])) {
      const item = imageItem(image);
      if (item === null) continue;
      this.#closeEnded(false);
      const { id } = this.#place('ig');
      this.#whole({ ...item, id });
    }
  }

  /** An item that comes at once. */
  #whole(item: JsonObject): void {
    const index = this.items.length - 1;
    this.#emit('response.output_item.added', { output_index: index, item });
    this.#emit('response.output_item.done', { output_index: index, item });
    this.items[index] = item;
  }

  /** Everything that said that it was over. */
  #closeEnded(joinsMessage: boolean): void {
    const left: (Message | Call | Reasoning)[] = [];
    for (const item of this.#open) {
      if (joinsMessage && item === this.#message) {
        item.closeEnded();
        left.push(item);
      } else if (item.hasEnded) this.#close(item, true);
      else left.push(item);
    }
    this.#open = left;
    if (!joinsMessage) this.#message = null;
  }

  #close(item: Message | Call | Reasoning, isWhole: boolean): void {
    this.#keep(item, item.close(isWhole));
  }

  #keep({ place }: Message | Call | Reasoning, item: JsonObject | null): void {
    if (item !== null && place !== null) this.items[place.index] = item;
  }

  /** Ids are unique within the response, and the same whenever it is told. */
  #place(prefix: string): Place {
    const index = this.items.length;
    this.items.push({});
    return { index, id: `${prefix}_${this.#head.id.replace(/^gen-/, '')}_${index}` };
  }
}
