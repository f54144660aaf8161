/** A streamed answer as the events of Responses. The event that ends it holds all of it, and waits for the bill. */
import type { ChatEvent, FinishReason } from '../../chat/event.ts';
import type { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import { type AnswerEncoder, type AnswerHead, routingMembers } from '../dialect.ts';
import { Output } from './output.ts';
import { type Outcome, outcomeOf, relayedResponse, responseJson } from './response.ts';

const TEXT_DELTA = 'response.output_text.delta';

const DONE_FRAME = 'data: [DONE]\n\n';

/** They hold a whole response. */
const BEGINNINGS = new Set<unknown>(['response.created', 'response.in_progress', 'response.queued']);
const ENDINGS = new Set<unknown>(['response.completed', 'response.incomplete', 'response.failed']);

export class ResponsesEncoder implements AnswerEncoder {
  readonly #head: AnswerHead;
  readonly #output: Output;
  #frames = '';
  #sequence = 0;
  #hasBegun = false;
  /** It reached the cap of a limit before it ended by itself. */
  #isCutOff = false;
  /** The provider's own events are relayed. */
  #isRelayed = false;
  /** Where the last text stood, as it is written in front of the next. */
  #place: { readonly item: unknown; readonly part: unknown; readonly json: string } | null = null;
  /** What the provider ended its answer with. */
  #ending: JsonObject | null = null;

  constructor(head: AnswerHead) {
    this.#head = head;
    this.#output = new Output(head, (type, members) => {
      if (type === TEXT_DELTA) this.#write(type, this.#textDelta(members));
      else this.#emit(type, members);
    });
  }

  upstreamBody(body: JsonObject): string {
    this.#emit('response.debug', { debug: { echo_upstream_body: body } });
    return this.#taken();
  }

  events(events: readonly ChatEvent[]): string {
    for (const event of events) {
      if (event.type === 'native') this.#relay(event.event);
    }
    if (!this.#isRelayed) {
      this.#begin();
      this.#output.add(events);
    }
    return this.#taken();
  }

  cutOff(): string {
    this.#isCutOff = this.#ending === null && this.#output.finishReason === null;
    return '';
  }

  finish(bill: Bill): string {
    this.#begin();
    if (this.#ending !== null) {
      const { type, response } = this.#ending;
      const ended = { ...relayedResponse(this.#head, response, bill), ...routingMembers(this.#head) };
      this.#emit(String(type), { response: ended });
    } else {
      const reason: FinishReason | null = this.#isCutOff ? 'length' : this.#output.finishReason;
      this.#output.close(reason);
      const outcome = outcomeOf(reason);
      const ended = { ...this.#response({ ...outcome, bill }), ...routingMembers(this.#head) };
      this.#emit(`response.${outcome.status}`, { response: ended });
    }
    return this.#taken() + DONE_FRAME;
  }

  fail(error: TurnpikeError): string {
    this.#begin();
    this.#output.interrupt();
    this.#emit('response.failed', { response: this.#response({ status: 'failed', error }) });
    return this.#taken() + DONE_FRAME;
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const response = this.#response({ status: 'in_progress' });
    this.#emit('response.created', { response });
    this.#emit('response.in_progress', { response });
  }

  #relay(event: JsonObject): void {
    this.#isRelayed = true;
    this.#hasBegun = true;
    const { type, sequence_number: _, ...members } = event;
    if (ENDINGS.has(type)) {
      this.#ending = event;
      return;
    }
    if (BEGINNINGS.has(type)) members['response'] = relayedResponse(this.#head, event['response'], null);
    if (type === 'response.output_item.done' && isJsonObject(event['item'])) {
      this.#output.items.push(event['item']);
    }
    this.#emit(String(type), members);
  }

  #response(outcome: Omit<Outcome, 'output' | 'serviceTier'>): JsonObject {
    const { items, serviceTier } = this.#output;
    return responseJson(this.#head, { ...outcome, output: items, serviceTier });
  }

  #emit(type: string, members: JsonObject): void {
    this.#write(type, JSON.stringify({ type, ...members, sequence_number: this.#sequence }));
  }

  #write(type: string, event: string): void {
    this.#sequence += 1;
    this.#frames += `event: ${type}\ndata: ${event}\n\n`;
  }

  /** Of our own: there is one for each token, and where it stands is the same in most. */
  #textDelta(members: JsonObject): string {
    const { item_id: item, content_index: part, delta, logprobs } = members;
    let known = this.#place;
    if (known === null || known.item !== item || known.part !== part) {
      const { output_index } = members;
      const place = { type: TEXT_DELTA, item_id: item, output_index, content_index: part };
      known = { item, part, json: JSON.stringify(place).slice(0, -1) };
      this.#place = known;
    }
    const told = Array.isArray(logprobs) && logprobs.length === 0 ? '[]' : JSON.stringify(logprobs);
    return `${known.json},"delta":${JSON.stringify(delta)},"logprobs":${told},"sequence_number":${this.#sequence}}`;
  }

  #taken(): string {
    const frames = this.#frames;
    this.#frames = '';
    return frames;
  }
}
