/** An answer of OpenAI's own Responses, for callers who speak it. */
import type { AnswerFacts, ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { markSeals } from '../../chat/origin.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { ChatReader } from '../adapter.ts';
import { AnswerBody, type Asked } from '../answer-body.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import { finishOfResponse, ResponsesStreamReader } from './responses-stream.ts';
import { partsOfItem, TypedItems } from './typed-items.ts';
import { convertUsage } from './usage.ts';

export class ResponsesAnswer extends AnswerBody<JsonObject> {
  readonly #typed: TypedItems | null;

  constructor(reader: ChatReader, asked: Asked) {
    super(reader, asked);
    this.#typed = asked.isNative ? null : new TypedItems();
  }

  protected streamReader(): ResponsesStreamReader {
    return new ResponsesStreamReader(this.asked.secret, this.asked.origin);
  }

  protected toCaller(events: readonly ChatEvent[]): readonly ChatEvent[] {
    return this.#typed === null ? events : this.#typed.convert(events);
  }

  protected readWhole(body: unknown, text: string): JsonObject {
    const response = this.#checked(body, text);
    const { origin } = this.asked;
    if (origin !== undefined) markSeals(itemsOf(response), origin);
    return response;
  }

  #checked(body: unknown, text: string): JsonObject {
    const { secret } = this.asked;
    const failed = isJsonObject(body) && body['status'] === 'failed';
    if (failed) throw toldError({ status: null, value: { error: body['error'] }, text }, secret);
    if (isJsonObject(body) && Array.isArray(body['output'])) return body;
    if (isError(body)) throw toldError({ status: null, value: body, text }, secret);
    throw garbage('Provider returned an answer that is not a response', text, secret);
  }

  /** The last event holds all of it, and was marked when it was read. */
  protected collect(events: readonly ChatEvent[]): JsonObject {
    const last = events.findLast((event) => event.type === 'native')?.event['response'];
    return this.#checked(last, JSON.stringify(last ?? null));
  }

  protected answerOf(body: JsonObject): ChatAnswer {
    const facts = factsOf(body);
    if (this.asked.isNative) return { form: 'native', dialect: 'openai-responses', body, ...facts };
    const { finishReason, nativeFinishReason } = facts;
    const parts = itemsOf(body).flatMap(partsOfItem);
    return {
      form: 'typed',
      choices: [{ index: 0, parts, finishReason, nativeFinishReason, logprobs: null }],
      ...facts,
    };
  }

  /** As items that came at once, between a beginning and an end. */
  protected eventsOf(body: JsonObject): readonly ChatEvent[] {
    const reader = new ResponsesStreamReader(this.asked.secret);
    const tell = (event: JsonObject) => reader.onEvent(JSON.stringify(event));
    tell({ type: 'response.created', response: { ...body, status: 'in_progress', output: [], usage: null } });
    for (const [index, item] of itemsOf(body).entries()) {
      tell({ type: 'response.output_item.added', output_index: index, item });
      for (const event of textsOf(item, index)) tell(event);
      tell({ type: 'response.output_item.done', output_index: index, item });
    }
    const end = body['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed';
    tell({ type: end, response: body });
    return reader.events;
  }
}

function itemsOf(body: JsonObject): readonly JsonObject[] {
  return Array.isArray(body['output']) ? body['output'].filter(isJsonObject) : [];
}

/** Clients that show text as it grows read nothing else. */
function* textsOf({ id, content }: JsonObject, index: number): Generator<JsonObject> {
  for (const [position, part] of (Array.isArray(content) ? content : []).entries()) {
    if (!isJsonObject(part) || part['type'] !== 'output_text') continue;
    const place = { item_id: id, output_index: index, content_index: position };
    yield { type: 'response.content_part.added', ...place, part: { ...part, text: '' } };
    yield { type: 'response.output_text.delta', ...place, delta: part['text'], logprobs: [] };
    yield { type: 'response.output_text.done', ...place, text: part['text'], logprobs: [] };
    yield { type: 'response.content_part.done', ...place, part };
  }
}

function factsOf(body: JsonObject): AnswerFacts {
  const { reason, native } = finishOfResponse(body);
  let writtenBytes = 0;
  for (const item of itemsOf(body)) {
    for (const name of ['name', 'arguments', 'input']) writtenBytes += bytesOf(item[name]);
    for (const list of [item['content'], item['summary']]) {
      for (const part of Array.isArray(list) ? list.filter(isJsonObject) : [])
        writtenBytes += bytesOf(part['text']) + bytesOf(part['refusal']);
    }
  }
  return {
    writtenBytes,
    finishReason: reason,
    nativeFinishReason: native,
    usage: convertUsage(body['usage']),
    upstreamId: textOrNull(body['id']),
    serviceTier: textOrNull(body['service_tier']),
    systemFingerprint: null,
  };
}

function bytesOf(text: unknown): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0;
}
