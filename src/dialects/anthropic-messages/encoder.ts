/** A streamed answer as events of the Messages API. */
import type { ChatEvent } from '../../chat/event.ts';
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import type { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import { type AnswerEncoder, type AnswerHead, routingMembers } from '../dialect.ts';
import { messagesErrorBody } from './error.ts';
import { frame } from './frames.ts';
import { brokenOff, reasonBehindCalls, type Stop, stopMembers } from './stop-reason.ts';
import { TypedBlocks } from './typed-blocks.ts';
import { firstUsageJson, usageJson } from './usage-json.ts';
import { headJson } from './whole.ts';

const NO_STOP: JsonObject = { stop_reason: null, stop_sequence: null };

export class MessagesEncoder implements AnswerEncoder {
  readonly #head: AnswerHead;
  readonly #blocks: TypedBlocks;
  /** `message_start` is written. */
  #hasBegun = false;
  /** The provider's events are relayed: what is told beside them is in them. */
  #isRelayed = false;
  /** Of relayed blocks, those that have not ended. */
  readonly #open = new Set<number>();
  #hasRelayedCalls = false;
  /** The members of the last `message_delta`, which waits for the bill. */
  #delta: JsonObject = {};
  #usageOfProvider: JsonObject = {};
  #lastEvent: JsonObject = { type: 'message_stop' };
  /** Until the provider has counted, an estimate: clients show it while the answer comes. */
  #firstUsage: TokenUsage;
  #stop: Pick<Stop, 'reason' | 'stopSequence'> = { reason: null, stopSequence: null };
  #serviceTier: string | null = null;
  /** Of the latest event that had nothing but text: around it, as it was told, and the line before it. */
  #toldBefore = '';
  #toldBehind = '';
  #textLine = '';

  constructor(head: AnswerHead) {
    this.#head = head;
    this.#blocks = new TypedBlocks(head.excludesReasoning);
    this.#firstUsage = { ...NO_USAGE, inputTokens: Number(head.remembered?.['prompt_tokens'] ?? 0) };
  }

  upstreamBody(body: JsonObject): string {
    return frame({ type: 'debug', debug: { echo_upstream_body: body } });
  }

  events(events: readonly ChatEvent[]): string {
    let frames = '';
    for (const event of events) {
      if (event.type === 'native-text') frames += this.#text(event);
      else if (event.type === 'native') frames += this.#relayed(event.event);
      else if (!this.#isRelayed) frames += this.#told(event);
    }
    return frames;
  }

  cutOff(): string {
    this.#stop = { reason: 'length', stopSequence: null };
    this.#delta = { delta: stopMembers({ ...this.#stop, hasCalls: false, hasRefusal: false }) };
    return this.#begin() + this.#endBlocks();
  }

  finish(bill: Bill): string {
    if (this.#stop.reason === 'error') return this.fail(brokenOff());
    const { hasCalls, hasRefusal } = this.#blocks;
    const members = this.#isRelayed
      ? this.#relayedStop()
      : { delta: stopMembers({ ...this.#stop, hasCalls, hasRefusal }) };
    const usage = usageJson(bill, this.#usageOfProvider, this.#serviceTier);
    return (
      this.#begin() +
      this.#endBlocks() +
      frame({ type: 'message_delta', ...members, usage }) +
      frame({ ...this.#lastEvent, ...routingMembers(this.#head) })
    );
  }

  /** Whatever is open stays so: clients take nothing behind this event. */
  fail(error: TurnpikeError): string {
    return frame({ ...messagesErrorBody(error), request_id: this.#head.id });
  }

  #relayedStop(): JsonObject {
    const said = isJsonObject(this.#delta['delta']) ? this.#delta['delta'] : {};
    const delta: JsonObject = { ...NO_STOP, ...said };
    if (this.#hasRelayedCalls) delta['stop_reason'] = reasonBehindCalls(delta['stop_reason']);
    const { delta: _, ...members } = this.#delta;
    return { delta, ...members };
  }

  #relayed(event: JsonObject): string {
    this.#isRelayed = true;
    switch (event['type']) {
      case 'message_start':
        return this.#relayedStart(event);
      case 'message_delta':
        this.#relayedEnd(event);
        return '';
      case 'message_stop':
        this.#lastEvent = event;
        return '';
      case 'content_block_start':
        this.#open.add(Number(event['index']));
        this.#hasRelayedCalls ||=
          isJsonObject(event['content_block']) && event['content_block']['type'] === 'tool_use';
        break;
      case 'content_block_stop':
        this.#open.delete(Number(event['index']));
        break;
      default:
    }
    return this.#begin() + frame(event);
  }

  /** With our own head. Some providers send it twice. */
  #relayedStart(event: JsonObject): string {
    const message = isJsonObject(event['message']) ? event['message'] : {};
    if (isJsonObject(message['usage'])) Object.assign(this.#usageOfProvider, message['usage']);
    if (this.#hasBegun) return '';
    this.#hasBegun = true;
    return frame({ ...event, message: { ...message, ...headJson(this.#head) } });
  }

  /** What is said of the end stays until the bill is known; some providers say it in several events, and nulls say nothing. */
  #relayedEnd(event: JsonObject): void {
    const { type: _, delta, usage, ...members } = event;
    const known = isJsonObject(this.#delta['delta']) ? this.#delta['delta'] : {};
    this.#delta = { ...this.#delta, ...members, delta: later(known, delta) };
    this.#usageOfProvider = later(this.#usageOfProvider, usage);
  }

  /** More text of a relayed block, written already but for its event's name. */
  #text({ before, text, behind }: ChatEvent & { type: 'native-text' }): string {
    this.#isRelayed = true;
    if (before !== this.#toldBefore || behind !== this.#toldBehind) {
      this.#toldBefore = before;
      this.#toldBehind = behind;
      const { type } = JSON.parse(before + behind) as JsonObject;
      this.#textLine = `event: ${String(type)}\ndata: `;
    }
    return `${this.#begin()}${this.#textLine}${before}${text}${behind}\n\n`;
  }

  /** This dialect has one choice. */
  #told(event: Exclude<ChatEvent, { type: 'native' | 'native-text' }>): string {
    if ('choice' in event && event.choice !== 0) return '';
    switch (event.type) {
      case 'block-start':
        return this.#begin() + this.#blocks.start(event.block, event.part);
      case 'delta':
        return this.#begin() + this.#blocks.delta(event.block, event.text);
      case 'block-end':
        return this.#begin() + this.#blocks.end(event.block, event.signature);
      case 'finish':
        this.#stop = { reason: event.reason, stopSequence: event.stopSequence ?? null };
        return this.#begin() + this.#blocks.endAll();
      case 'meta':
        if (event.serviceTier !== undefined) this.#serviceTier = event.serviceTier;
        return '';
      case 'usage':
        this.#firstUsage = {
          ...event.usage,
          outputTokens: 0,
          reasoningTokens: 0,
          outputAudioTokens: 0,
          outputImageTokens: 0,
        };
        return '';
      case 'logprobs':
        return '';
    }
  }

  #begin(): string {
    if (this.#hasBegun) return '';
    this.#hasBegun = true;
    const message = {
      ...headJson(this.#head),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      usage: firstUsageJson(this.#firstUsage),
    };
    return frame({ type: 'message_start', message });
  }

  #endBlocks(): string {
    const relayed = [...this.#open].sort((a, b) => a - b);
    this.#open.clear();
    return (
      this.#blocks.endAll() + relayed.map((index) => frame({ type: 'content_block_stop', index })).join('')
    );
  }
}

/** What is said later counts, unless it says nothing. */
function later(known: JsonObject, said: unknown): JsonObject {
  const joined = { ...known };
  if (!isJsonObject(said)) return joined;
  for (const name in said) if (said[name] !== null || !(name in joined)) joined[name] = said[name];
  return joined;
}
