/** An answer of Anthropic's, whole or streamed, for callers who speak its dialect and for others. */

import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { markContainer } from '../../chat/origin.ts';
import { parseExact } from '../../json.ts';
import type { ChatReader } from '../adapter.ts';
import { AnswerBody, type Asked } from '../answer-body.ts';
import { collected } from './collect.ts';
import { answerOf, convertResponse, eventsOf, type WholeAnswer } from './response.ts';
import { AnthropicStreamReader } from './stream.ts';
import { TypedEvents } from './typed-events.ts';

export class AnthropicAnswer extends AnswerBody<WholeAnswer> {
  readonly #typed: TypedEvents | null;

  constructor(reader: ChatReader, asked: Asked) {
    super(reader, asked);
    this.#typed = asked.isNative ? null : new TypedEvents();
  }

  protected streamReader(): AnthropicStreamReader {
    return new AnthropicStreamReader(this.asked.secret, this.asked.origin);
  }

  protected toCaller(events: readonly ChatEvent[]): readonly ChatEvent[] {
    return this.#typed === null ? events : this.#typed.convert(events);
  }

  protected override parse(text: string): unknown {
    return parseExact(text);
  }

  protected readWhole(body: unknown, text: string): WholeAnswer {
    const whole = convertResponse(body, text, this.asked.secret);
    if (this.asked.origin !== undefined) markContainer(whole.body, this.asked.origin);
    return whole;
  }

  protected collect(events: readonly ChatEvent[]): WholeAnswer {
    const body = collected(events);
    return convertResponse(body, JSON.stringify(body), this.asked.secret);
  }

  protected answerOf(whole: WholeAnswer): ChatAnswer {
    return answerOf(whole, this.asked.isNative);
  }

  protected eventsOf(whole: WholeAnswer): readonly ChatEvent[] {
    return eventsOf(whole);
  }
}
