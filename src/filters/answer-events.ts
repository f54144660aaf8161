/** The filters of a policy on a streamed answer: events in, those out that may go on. Texts wait where a match may have begun. */
import type { ChatEvent } from '../chat/event.ts';
import { textsIn } from '../chat/texts.ts';
import { filtering } from './apply.ts';
import type { CompiledFilters } from './compile.ts';
import { GrowingText } from './growing-text.ts';
import type { Tally } from './outcome.ts';
import type { Work } from './work.ts';

/** Longer arguments of one call are not looked through, and so do not go on: no model writes so many. */
const MAX_ARGUMENTS = 1024 * 1024;
const TOO_LONG = `the arguments of a call are longer than ${MAX_ARGUMENTS.toLocaleString('en')} characters`;

interface Block {
  readonly choice: number;
  readonly block: number;
  /** Null: a call, whose arguments are looked through when all of them are here, so that they stay JSON. */
  readonly text: GrowingText | null;
  argumentsJson: string;
  /** The arguments are too long to be looked through, and go on all the same, because the filters only flag. */
  isUnseen: boolean;
}

export class AnswerEvents {
  readonly #compiled: CompiledFilters;
  readonly #tally: Tally;
  readonly #blocks = new Map<string, Block>();

  constructor(compiled: CompiledFilters, tally: Tally) {
    this.#compiled = compiled;
    this.#tally = tally;
  }

  /** Adds to `out` what may go on. Yields, as all of this, wherever others may have their turn. */
  *push(events: readonly ChatEvent[], out: ChatEvent[]): Work<void> {
    for (const event of events) {
      yield* this.#take(event, out);
      if (this.#isOver) break;
    }
  }

  /** Nothing more comes: what was waiting. */
  *end(out: ChatEvent[]): Work<void> {
    for (const key of [...this.#blocks.keys()]) {
      yield* this.#flush(key, out);
      if (this.#isOver) break;
    }
  }

  /** Nothing more may go on. */
  get #isOver(): boolean {
    return this.#tally.blocking !== null || this.#tally.hasFailed;
  }

  *#take(event: ChatEvent, out: ChatEvent[]): Work<void> {
    switch (event.type) {
      case 'block-start': {
        const { choice, block, part } = event;
        if (part.type === 'opaque') yield* filtering(this.#compiled, [textsIn(part.value)], this.#tally);
        else {
          const text = part.type === 'tool-call' ? null : new GrowingText(this.#compiled, this.#tally);
          this.#blocks.set(`${choice} ${block}`, { choice, block, text, argumentsJson: '', isUnseen: false });
        }
        if (!this.#isOver) out.push(event);
        return;
      }
      case 'delta':
        yield* this.#delta(event, out);
        return;
      case 'block-end': {
        const { choice, block } = event;
        const hasChanged = yield* this.#flush(`${choice} ${block}`, out);
        // A signature is of the words as they were.
        if (!this.#isOver) out.push(hasChanged ? { type: 'block-end', choice, block } : event);
        return;
      }
      case 'finish':
        for (const [key, { choice }] of [...this.#blocks])
          if (choice === event.choice) yield* this.#flush(key, out);
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

  *#delta(event: ChatEvent & { type: 'delta' }, out: ChatEvent[]): Work<void> {
    const { choice, block } = event;
    const key = `${choice} ${block}`;
    let open = this.#blocks.get(key);
    if (open === undefined) {
      const text = new GrowingText(this.#compiled, this.#tally);
      open = { choice, block, text, argumentsJson: '', isUnseen: false };
      this.#blocks.set(key, open);
    }
    if (open.text === null) {
      open.argumentsJson += event.text;
      if (open.argumentsJson.length > MAX_ARGUMENTS) {
        this.#tally.allFailed(TOO_LONG);
        open.isUnseen = true;
      }
      if (open.isUnseen && !this.#isOver) {
        out.push({ ...event, text: open.argumentsJson });
        open.argumentsJson = '';
      }
      return;
    }
    const text = yield* open.text.push(event.text);
    if (this.#tally.hasFailed) return;
    if (text === event.text) out.push(event);
    else if (text !== '') out.push({ type: 'delta', choice, block, text });
  }

  /** @returns whether something of the block was replaced */
  *#flush(key: string, out: ChatEvent[]): Work<boolean> {
    const open = this.#blocks.get(key);
    if (open === undefined) return false;
    this.#blocks.delete(key);
    const { choice, block } = open;
    const rest = open.isUnseen ? '' : yield* open.text === null ? this.#arguments(open) : open.text.end();
    if (this.#isOver && (open.text === null || this.#tally.hasFailed)) return true;
    if (rest !== '') out.push({ type: 'delta', choice, block, text: rest });
    return open.text?.hasChanged === true;
  }

  *#arguments({ argumentsJson }: Block): Work<string> {
    const holder = { argumentsJson };
    yield* filtering(
      this.#compiled,
      [[{ holder, key: 'argumentsJson', writer: 'assistant', kind: 'json' }]],
      this.#tally,
    );
    return holder.argumentsJson;
  }
}
