/** An answer of OpenAI's dialect, whole or streamed, for callers who speak it and for others. */
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { laterUsage, type TokenUsage } from '../../chat/usage.ts';
import type { ChatReader } from '../adapter.ts';
import { AnswerBody, type Asked } from '../answer-body.ts';
import { collected } from './collect.ts';
import { answerOf, convertResponse, eventsOf, type WholeAnswer } from './response.ts';
import { OpenAiStreamReader } from './stream.ts';
import { TypedEvents } from './typed-events.ts';

export class OpenAiAnswer extends AnswerBody<WholeAnswer> {
  readonly #typed: TypedEvents | null;

  constructor(reader: ChatReader, asked: Asked) {
    super(reader, asked);
    this.#typed = asked.isNative ? null : new TypedEvents();
  }

  protected streamReader(isRelayed: boolean): OpenAiStreamReader {
    return new OpenAiStreamReader(this.asked.secret, isRelayed, this.asked.origin);
  }

  protected toCaller(events: readonly ChatEvent[]): readonly ChatEvent[] {
    return this.#typed === null ? events : this.#typed.convert(events);
  }

  protected readWhole(body: unknown, text: string): WholeAnswer {
    return convertResponse(body, text, this.asked.secret, this.asked.origin);
  }

  /** Read as the whole answer that was asked for. */
  protected collect(events: readonly ChatEvent[]): WholeAnswer {
    const body = collected(events);
    const whole = convertResponse(body, JSON.stringify(body), this.asked.secret);
    let usage: TokenUsage | null = null;
    for (const event of events) if (event.type === 'usage') usage = laterUsage(usage, event.usage);
    return { ...whole, facts: { ...whole.facts, usage } };
  }

  protected answerOf(whole: WholeAnswer): ChatAnswer {
    return answerOf(whole, this.asked.isNative);
  }

  protected eventsOf(whole: WholeAnswer): readonly ChatEvent[] {
    return eventsOf(whole);
  }
}
