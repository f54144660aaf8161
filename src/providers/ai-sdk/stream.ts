/** The parts of a stream of the AI SDK's as typed events. */
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { OpaquePart } from '../../chat/prompt.ts';
import {
  callExtra,
  pictureOf,
  serviceTierOf,
  sourceOf,
  stopSequenceOf,
  type ThoughtFacts,
  thoughtFacts,
} from './answer-parts.ts';
import type { Addressee } from './prompt.ts';
import { mapStopReason } from './stop-reason.ts';
import { convertUsage } from './usage.ts';

interface Block {
  readonly block: number;
  hasText: boolean;
}

type Delta = Extract<LanguageModelV4StreamPart, { delta: string }>;

/** One a stream. A block of text or thought begins with its first text, for some packages open blocks in which nothing comes. */
export class StreamParts {
  readonly #to: Addressee;
  readonly #open = new Map<string, Block>();
  /** Of the thoughts that are not ended yet, also those without a text. */
  readonly #thoughts = new Map<string, ThoughtFacts>();
  #next = 0;
  #hasCalls = false;
  /** The vendor has said why it ended. */
  hasFinished = false;

  constructor(to: Addressee) {
    this.#to = to;
  }

  convert(part: LanguageModelV4StreamPart): ChatEvent[] {
    switch (part.type) {
      case 'text-delta':
        return this.#delta('text', part);
      case 'text-end':
        return this.#end(`text ${part.id}`);
      case 'reasoning-start':
        this.#note(part.id, thoughtFacts(part.providerMetadata, this.#to));
        return [];
      case 'reasoning-delta':
        this.#note(part.id, thoughtFacts(part.providerMetadata, this.#to));
        return this.#delta('reasoning', part);
      case 'reasoning-end':
        this.#note(part.id, thoughtFacts(part.providerMetadata, this.#to));
        return this.#endThought(part.id);
      case 'tool-input-start':
        return part.providerExecuted === true
          ? []
          : this.#call(part.id, part.toolName, part.providerMetadata);
      case 'tool-input-delta':
        return this.#write(this.#open.get(`tool-call ${part.id}`), part.delta);
      case 'tool-call': {
        if (part.providerExecuted === true) return [];
        const key = `tool-call ${part.toolCallId}`;
        const begun = this.#open.has(key)
          ? []
          : this.#call(part.toolCallId, part.toolName, part.providerMetadata);
        const block = this.#open.get(key);
        return [
          ...begun,
          ...(block?.hasText === true ? [] : this.#write(block, part.input)),
          ...this.#end(key),
        ];
      }
      case 'file':
        return this.#opaque(pictureOf(part));
      case 'source': {
        const source = sourceOf(part);
        return source === null ? [] : this.#opaque(source);
      }
      case 'response-metadata':
        return part.id === undefined ? [] : [{ type: 'meta', upstreamId: part.id }];
      case 'finish':
        return this.#finish(part);
      default:
        return [];
    }
  }

  #finish(part: Extract<LanguageModelV4StreamPart, { type: 'finish' }>): ChatEvent[] {
    const events: ChatEvent[] = [...this.#open.keys()].flatMap((key) =>
      key.startsWith('reasoning ') ? this.#endThought(key.slice('reasoning '.length)) : this.#end(key),
    );
    const reason = mapStopReason(part.finishReason, this.#hasCalls);
    this.hasFinished = reason !== null;
    const tier = serviceTierOf(part.providerMetadata);
    if (tier !== null) events.push({ type: 'meta', serviceTier: tier });
    if (reason !== null) {
      const native = part.finishReason.raw ?? part.finishReason.unified;
      const stopSequence = stopSequenceOf(part.providerMetadata, this.#to);
      events.push({
        type: 'finish',
        choice: 0,
        reason,
        native,
        ...(stopSequence === null ? {} : { stopSequence }),
      });
    }
    const usage = convertUsage(part.usage);
    if (usage !== null) events.push({ type: 'usage', usage });
    return events;
  }

  #delta(type: 'text' | 'reasoning', { id, delta }: Delta): ChatEvent[] {
    if (delta === '') return [];
    const key = `${type} ${id}`;
    const known = this.#open.get(key);
    if (known !== undefined) return this.#write(known, delta);
    const { format } = this.#thoughts.get(id) ?? {};
    const head: BlockHead =
      type === 'text' ? { type } : { type, ...(format === undefined ? {} : { format }) };
    const started = this.#start(key, head);
    return [started, ...this.#write(this.#open.get(key), delta)];
  }

  #call(id: string, name: string, metadata: Parameters<typeof callExtra>[0]): ChatEvent[] {
    this.#hasCalls = true;
    return [
      this.#start(`tool-call ${id}`, { type: 'tool-call', id, name, ...callExtra(metadata, this.#to) }),
    ];
  }

  #start(key: string, part: BlockHead): ChatEvent {
    const block = this.#next;
    this.#next += 1;
    this.#open.set(key, { block, hasText: false });
    return { type: 'block-start', choice: 0, block, part };
  }

  #write(block: Block | undefined, text: string): ChatEvent[] {
    if (block === undefined || text === '') return [];
    block.hasText = true;
    return [{ type: 'delta', choice: 0, block: block.block, text }];
  }

  #end(key: string, signature?: string): ChatEvent[] {
    const known = this.#open.get(key);
    if (known === undefined) return [];
    this.#open.delete(key);
    return [
      {
        type: 'block-end',
        choice: 0,
        block: known.block,
        ...(signature === undefined ? {} : { signature }),
      },
    ];
  }

  /** A sealed thought has no text, and one that is only signed may have none. */
  #endThought(id: string): ChatEvent[] {
    const { format, signature, redacted } = this.#thoughts.get(id) ?? {};
    this.#thoughts.delete(id);
    const key = `reasoning ${id}`;
    if (this.#open.has(key)) return this.#end(key, signature);
    if (redacted === undefined && signature === undefined) return [];
    const head: BlockHead = {
      type: 'reasoning',
      ...(format === undefined ? {} : { format }),
      ...(redacted === undefined ? {} : { redacted }),
    };
    return [this.#start(key, head), ...this.#end(key, signature)];
  }

  #note(id: string, facts: ThoughtFacts): void {
    this.#thoughts.set(id, { ...this.#thoughts.get(id), ...facts });
  }

  #opaque({ dialect, value }: OpaquePart): ChatEvent[] {
    const key = `opaque ${this.#next}`;
    const started = this.#start(key, { type: 'opaque', dialect, value });
    return [started, ...this.#end(key)];
  }
}
