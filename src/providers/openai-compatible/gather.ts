/** The events of a stream gathered into a whole answer, for a caller who wanted one and a provider that streams all the same. */
import type { AnswerChoice, ChatAnswer } from '../../chat/answer.ts';
import type { BlockHead, ChatEvent, FinishReason } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import type { TokenUsage } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';

interface Gathered {
  readonly blocks: { part: BlockHead; text: string; signature?: string }[];
  finishReason: FinishReason | null;
  nativeFinishReason: string | null;
  logprobs: JsonObject | null;
}

export class AnswerGatherer {
  readonly #choices = new Map<number, Gathered>();
  #usage: TokenUsage | null = null;
  #upstreamId: string | null = null;
  #serviceTier: string | null = null;
  #systemFingerprint: string | null = null;
  #writtenBytes = 0;

  /** Events told by blocks. */
  add(events: readonly ChatEvent[]): void {
    for (const event of events) this.#add(event);
  }

  answer(): ChatAnswer {
    const choices = [...this.#choices.entries()].sort(([a], [b]) => a - b).map(choiceOf);
    return {
      form: 'typed',
      choices,
      writtenBytes: this.#writtenBytes,
      finishReason: choices[0]?.finishReason ?? null,
      nativeFinishReason: choices[0]?.nativeFinishReason ?? null,
      usage: this.#usage,
      upstreamId: this.#upstreamId,
      serviceTier: this.#serviceTier,
      systemFingerprint: this.#systemFingerprint,
    };
  }

  #add(event: ChatEvent): void {
    switch (event.type) {
      case 'block-start':
        this.#choice(event.choice).blocks[event.block] = { part: event.part, text: '' };
        if (event.part.type === 'tool-call') this.#writtenBytes += Buffer.byteLength(event.part.name);
        break;
      case 'delta': {
        const block = this.#choice(event.choice).blocks[event.block];
        if (block !== undefined) block.text += event.text;
        this.#writtenBytes += Buffer.byteLength(event.text);
        break;
      }
      case 'block-end': {
        const block = this.#choice(event.choice).blocks[event.block];
        if (block !== undefined && event.signature !== undefined) block.signature = event.signature;
        break;
      }
      case 'logprobs':
        this.#choice(event.choice).logprobs = joined(this.#choice(event.choice).logprobs, event.value);
        break;
      case 'finish':
        Object.assign(this.#choice(event.choice), {
          finishReason: event.reason,
          nativeFinishReason: event.native,
        });
        break;
      case 'usage':
        this.#usage = event.usage;
        break;
      case 'meta':
        this.#upstreamId = event.upstreamId ?? this.#upstreamId;
        this.#serviceTier = event.serviceTier ?? this.#serviceTier;
        this.#systemFingerprint = event.systemFingerprint ?? this.#systemFingerprint;
        break;
      default:
    }
  }

  #choice(index: number): Gathered {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = { blocks: [], finishReason: null, nativeFinishReason: null, logprobs: null };
      this.#choices.set(index, choice);
    }
    return choice;
  }
}

function choiceOf([index, gathered]: readonly [number, Gathered]): AnswerChoice {
  const { blocks, finishReason, nativeFinishReason, logprobs } = gathered;
  return { index, parts: blocks.map(partOf), finishReason, nativeFinishReason, logprobs };
}

function partOf({ part, text, signature }: Gathered['blocks'][number]): Part {
  switch (part.type) {
    case 'tool-call': {
      const { id, name, extra } = part;
      return { type: 'tool-call', id, name, argumentsJson: text, ...(extra === undefined ? {} : { extra }) };
    }
    case 'opaque':
      return part;
    case 'reasoning':
      return { type: 'reasoning', text, ...(signature === undefined ? {} : { signature }) };
    default:
      return { type: part.type, text };
  }
}

function joined(known: JsonObject | null, more: JsonObject): JsonObject {
  const lists = [known?.['content'], more['content']].filter(Array.isArray);
  return { ...known, ...more, content: lists.flat() };
}
