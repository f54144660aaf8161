/** The filters of a policy on a streamed answer: events in, those out that may go on. Texts wait where a match may have begun. */
import type { ChatEvent } from '../chat/event.ts';
import { textsIn } from '../chat/texts.ts';
import { filterAtOnce } from './apply.ts';
import type { CompiledFilters } from './compile.ts';
import { GrowingText } from './growing-text.ts';
import type { Tally } from './outcome.ts';

/** Longer arguments of one call are not looked through, and so do not go on. */
const MAX_ARGUMENTS = 8 * 1024 * 1024;

interface Block {
  readonly choice: number;
  readonly block: number;
  /** Null: a call, whose arguments are looked through when all of them are here, so that they stay JSON. */
  readonly text: GrowingText | null;
  argumentsJson: string;
}

export class AnswerEvents {
  readonly #compiled: CompiledFilters;
  readonly #tally: Tally;
  readonly #blocks = new Map<string, Block>();

  constructor(compiled: CompiledFilters, tally: Tally) {
    this.#compiled = compiled;
    this.#tally = tally;
  }

  push(events: readonly ChatEvent[]): ChatEvent[] {
    const out: ChatEvent[] = [];
    for (const event of events) {
      this.#take(event, out);
      if (this.#isOver) break;
    }
    return out;
  }

  /** Nothing more comes: what was waiting. */
  end(): ChatEvent[] {
    const out: ChatEvent[] = [];
    for (const key of [...this.#blocks.keys()]) {
      this.#flush(key, out);
      if (this.#isOver) break;
    }
    return out;
  }

  /** Nothing more may go on. */
  get #isOver(): boolean {
    return this.#tally.blocking !== null || this.#tally.hasFailed;
  }

  #take(event: ChatEvent, out: ChatEvent[]): void {
    switch (event.type) {
      case 'block-start': {
        const { choice, block, part } = event;
        if (part.type === 'opaque') filterAtOnce(this.#compiled, [textsIn(part.value)], this.#tally);
        else {
          const text = part.type === 'tool-call' ? null : new GrowingText(this.#compiled, this.#tally);
          this.#blocks.set(`${choice} ${block}`, { choice, block, text, argumentsJson: '' });
        }
        if (!this.#isOver) out.push(event);
        return;
      }
      case 'delta':
        this.#delta(event, out);
        return;
      case 'block-end': {
        const { choice, block } = event;
        const hasChanged = this.#flush(`${choice} ${block}`, out);
        // A signature is of the words as they were.
        if (!this.#isOver) out.push(hasChanged ? { type: 'block-end', choice, block } : event);
        return;
      }
      case 'finish':
        for (const [key, { choice }] of [...this.#blocks]) if (choice === event.choice) this.#flush(key, out);
        if (!this.#isOver) out.push(event);
        return;
      case 'logprobs':
        // They spell out each token of what may have been taken out.
        if (this.#compiled.filters.every(({ filter }) => filter.action === 'flag')) out.push(event);
        return;
      case 'native':
      case 'native-text':
        throw new Error('an answer that is looked through came untyped');
      default:
        out.push(event);
    }
  }

  #delta(event: ChatEvent & { type: 'delta' }, out: ChatEvent[]): void {
    const { choice, block } = event;
    const key = `${choice} ${block}`;
    let open = this.#blocks.get(key);
    if (open === undefined) {
      const text = new GrowingText(this.#compiled, this.#tally);
      open = { choice, block, text, argumentsJson: '' };
      this.#blocks.set(key, open);
    }
    if (open.text === null) {
      open.argumentsJson += event.text;
      if (open.argumentsJson.length > MAX_ARGUMENTS) this.#tally.hasFailed = true;
      return;
    }
    const text = open.text.push(event.text);
    if (this.#tally.hasFailed) return;
    if (text === event.text) out.push(event);
    else if (text !== '') out.push({ type: 'delta', choice, block, text });
  }

  /** @returns whether something of the block was replaced */
  #flush(key: string, out: ChatEvent[]): boolean {
    const open = this.#blocks.get(key);
    if (open === undefined) return false;
    this.#blocks.delete(key);
    const { choice, block } = open;
    const rest = open.text === null ? this.#arguments(open) : open.text.end();
    if (this.#isOver && (open.text === null || this.#tally.hasFailed)) return true;
    if (rest !== '') out.push({ type: 'delta', choice, block, text: rest });
    return open.text?.hasChanged === true;
  }

  #arguments({ argumentsJson }: Block): string {
    const holder = { argumentsJson };
    filterAtOnce(
      this.#compiled,
      [[{ holder, key: 'argumentsJson', writer: 'assistant', kind: 'json' }]],
      this.#tally,
    );
    return holder.argumentsJson;
  }
}
