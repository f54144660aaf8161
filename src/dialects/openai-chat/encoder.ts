/** A streamed answer as `chat.completion.chunk` frames. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerEncoder, AnswerHead } from '../dialect.ts';
import { OpenAiFrames } from '../openai-frames.ts';
import { removeReasoning } from './reasoning.ts';

/** In no head and no fact: it is no text that anybody writes. */
const HERE = '\u{10fffd}here\u{10fffd}';

interface Block {
  readonly part: BlockHead;
  /** Among the tool calls, or among the reasoning blocks, of its choice. */
  readonly position: number;
}

export class ChatEncoder implements AnswerEncoder {
  readonly #frames: OpenAiFrames;
  readonly #excludesReasoning: boolean;
  /** By choice and block, where the answer is told by blocks. */
  #blocks: Map<number, Map<number, Block>> | undefined;
  /** Of the whole answer, repeated on each chunk. */
  #facts: JsonObject = {};
  /** The provider's chunks are relayed: what is told beside them is in them. */
  #isRelayed = false;
  /** Around the text of the latest chunk that had nothing else: as it was told, and as it stands in frames. */
  #toldBefore = '';
  #toldBehind = '';
  #frameBefore = '';
  #frameBehind = '';
  /** Around the words of a choice that another dialect told. */
  #words: { readonly choice: number; readonly before: string; readonly behind: string } | null = null;

  constructor(head: AnswerHead) {
    this.#frames = new OpenAiFrames(head, 'chat.completion.chunk', { delta: { content: '' } });
    this.#excludesReasoning = head.excludesReasoning;
  }

  upstreamBody(body: JsonObject): string {
    return this.#frames.frame({ choices: [], debug: { echo_upstream_body: body } });
  }

  events(events: readonly ChatEvent[]): string {
    let frames = '';
    for (const event of events) {
      if (event.type === 'native-text') {
        frames += this.#text(event);
      } else if (event.type === 'native') frames += this.#relayed(event.event);
      else if (!this.#isRelayed) frames += this.#told(event);
    }
    return frames;
  }

  cutOff(): string {
    return this.#frames.cutOff();
  }

  finish(bill: Bill): string {
    return this.#frames.finish(bill);
  }

  fail(error: TurnpikeError): string {
    return this.#frames.fail(error);
  }

  #text({ choice, before, text, behind }: ChatEvent & { type: 'native-text' }): string {
    if (before !== this.#toldBefore || behind !== this.#toldBehind) {
      this.#frames.wrote(choice);
      this.#toldBefore = before;
      this.#toldBehind = behind;
      this.#frameBefore = this.#frames.beginning(before);
      this.#frameBehind = `${behind}\n\n`;
    }
    return this.#frameBefore + text + this.#frameBehind;
  }

  #relayed(event: JsonObject): string {
    this.#isRelayed = true;
    const choices = event['choices'];
    if (Array.isArray(choices)) {
      for (const choice of choices) {
        if (choice.finish_reason === null) this.#frames.wrote(choice.index);
        else this.#frames.ended(choice.index);
        if (this.#excludesReasoning && isJsonObject(choice.delta)) removeReasoning(choice.delta);
      }
    }
    return this.#frames.frame(event);
  }

  #told(event: Exclude<ChatEvent, { type: 'native' | 'native-text' }>): string {
    switch (event.type) {
      case 'block-start':
        return this.#blockStart(event.choice, event.block, event.part);
      case 'delta':
        return this.#delta(event.choice, event.block, event.text);
      case 'block-end':
        return event.signature === undefined
          ? ''
          : this.#signature(event.choice, event.block, event.signature);
      case 'logprobs':
        return this.#chunk(event.choice, {}, { logprobs: event.value });
      case 'finish':
        this.#frames.ended(event.choice);
        return this.#frames.frame({
          choices: [
            {
              index: event.choice,
              delta: {},
              finish_reason: event.reason,
              native_finish_reason: event.native,
            },
          ],
          ...this.#facts,
        });
      case 'meta':
        this.#words = null;
        if (event.systemFingerprint !== undefined)
          this.#facts['system_fingerprint'] = event.systemFingerprint;
        if (event.serviceTier !== undefined) this.#facts['service_tier'] = event.serviceTier;
        return '';
      case 'usage':
        return '';
    }
  }

  #blockStart(choice: number, block: number, part: BlockHead): string {
    // What only another dialect can say leaves no trace here, and does not begin an answer.
    if (part.type === 'opaque' && part.dialect !== 'openai-chat') return '';
    const isFirst = this.#blocks?.get(choice) === undefined;
    this.#blocks ??= new Map();
    const blocks = this.#blocks.get(choice) ?? new Map<number, Block>();
    this.#blocks.set(choice, blocks);
    const position = [...blocks.values()].filter((other) => other.part.type === part.type).length;
    const begun: Block = { part, position };
    blocks.set(block, begun);
    const role = isFirst ? { role: 'assistant' } : {};
    if (part.type === 'tool-call') {
      const call = { id: part.id, type: 'function', function: { name: part.name, arguments: '' } };
      return this.#chunk(choice, { ...role, tool_calls: [{ index: position, ...call, ...part.extra }] });
    }
    if (part.type === 'opaque') {
      const value = { ...part.value };
      if (this.#excludesReasoning) removeReasoning(value);
      return this.#chunk(choice, { ...role, ...value });
    }
    // Clients want the role at once, and `content` to be text from the first chunk on.
    const first = isFirst ? this.#chunk(choice, { ...role, content: '' }) : '';
    if (part.type !== 'reasoning' || part.redacted === undefined) return first;
    return first + this.#reasoning(choice, '', { type: 'reasoning.encrypted', data: part.redacted }, begun);
  }

  #delta(choice: number, block: number, text: string): string {
    const known = this.#blocks?.get(choice)?.get(block);
    switch (known?.part.type) {
      case 'tool-call':
        return this.#chunk(choice, {
          tool_calls: [{ index: known.position, function: { arguments: text } }],
        });
      case 'reasoning':
        return this.#reasoning(choice, text, { type: 'reasoning.text', text }, known);
      case 'refusal':
        return this.#chunk(choice, { refusal: text });
      case 'text':
        return this.#word(choice, text);
      default:
        return '';
    }
  }

  #signature(choice: number, block: number, signature: string): string {
    const known = this.#blocks?.get(choice)?.get(block);
    if (known?.part.type !== 'reasoning') return '';
    return this.#reasoning(choice, '', { type: 'reasoning.text', signature }, known);
  }

  #reasoning(choice: number, text: string, detail: JsonObject, { part, position }: Block): string {
    if (this.#excludesReasoning || part.type !== 'reasoning') return '';
    const { format = 'unknown', id } = part;
    const named = id === undefined ? {} : { id };
    const details = [{ ...detail, index: position, ...named, format }];
    return this.#chunk(choice, { reasoning: text, reasoning_details: details });
  }

  /** The chunk with this content: there is one for each token, and all but the token is in each. */
  #word(choice: number, text: string): string {
    if (this.#words?.choice !== choice) {
      const [before = '', behind = ''] = this.#chunk(choice, { content: HERE }).split(`"${HERE}"`);
      this.#words = { choice, before, behind };
    }
    return this.#words.before + JSON.stringify(text) + this.#words.behind;
  }

  #chunk(choice: number, delta: JsonObject, members: JsonObject = {}): string {
    this.#frames.wrote(choice);
    const rest = { finish_reason: null, native_finish_reason: null, ...members };
    return this.#frames.frame({ choices: [{ index: choice, delta, ...rest }], ...this.#facts });
  }
}
