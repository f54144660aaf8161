/** An answer of Google's, whole or streamed, for callers who speak its dialect and for others. */

import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { markSeals } from '../../chat/origin.ts';
import { parseExact } from '../../json.ts';
import type { ChatReader } from '../adapter.ts';
import { AnswerBody, type Asked } from '../answer-body.ts';
import { candidatesOf, partsOf } from './chunk.ts';
import { answerOf, eventsOf, readWhole, type WholeAnswer } from './response.ts';
import { GoogleStreamReader } from './stream.ts';
import { TypedEvents } from './typed-events.ts';

export class GoogleAnswer extends AnswerBody<WholeAnswer> {
  readonly #typed: TypedEvents | null;

  constructor(reader: ChatReader, asked: Asked) {
    super(reader, asked);
    this.#typed = asked.isNative ? null : new TypedEvents();
  }

  protected streamReader(): GoogleStreamReader {
    return new GoogleStreamReader(this.asked.secret, this.asked.origin);
  }

  protected toCaller(events: readonly ChatEvent[]): readonly ChatEvent[] {
    return this.#typed === null ? events : this.#typed.convert(events);
  }

  protected override parse(text: string): unknown {
    return parseExact(text);
  }

  protected readWhole(body: unknown, text: string): WholeAnswer {
    const { secret, origin } = this.asked;
    const whole = readWhole(body, text, secret);
    if (origin !== undefined)
      for (const candidate of candidatesOf(whole.body)) markSeals(partsOf(candidate), origin);
    return whole;
  }

  protected collect(events: readonly ChatEvent[]): WholeAnswer {
    const chunks = events.flatMap((event) => (event.type === 'native' ? [event.event] : []));
    return readWhole(chunks, JSON.stringify(chunks), this.asked.secret);
  }

  protected answerOf(whole: WholeAnswer): ChatAnswer {
    return answerOf(whole, this.asked.isNative);
  }

  protected eventsOf(whole: WholeAnswer): readonly ChatEvent[] {
    return eventsOf(whole);
  }
}
