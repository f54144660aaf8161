/**
 * A stream of Anthropic's messages: bytes in, its own events out, in the call in which the bytes came, with what money and limits read
 * beside them. Nothing is changed: `typed-events.ts` takes them apart for callers of another dialect.
 */
import type { ChatEvent } from '../../chat/event.ts';
import { markContainer } from '../../chat/origin.ts';
import { isJsonObject, type JsonObject, parseExact, textOrNull } from '../../json.ts';
import type { StreamReader } from '../answer-body.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import type { ProviderError } from '../provider-error.ts';
import { SseDecoder, type SseSink } from '../sse-decoder.ts';
import { mapStopReason } from './stop-reason.ts';
import { convertUsage, mergedUsage, serviceTierOf } from './usage.ts';

/** Where a delta has what the model wrote, by its type. */
const WRITTEN: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  input_json_delta: 'partial_json',
  compaction_delta: 'content',
};

export class AnthropicStreamReader implements StreamReader, SseSink {
  events: ChatEvent[] = [];
  failure: ProviderError | null = null;
  /** The vendor said `message_stop`. */
  isDone = false;
  readonly #decoder = new SseDecoder();
  readonly #secret: string | null;
  readonly #origin: string | undefined;
  #messageId: string | null = null;
  #hasBegun = false;
  #hasSaid = false;
  #hasCalls = false;
  #isFinished = false;
  #usage: JsonObject = {};
  /** The count of the beginning, not told yet: it says nothing of an answer, and another endpoint may still take over. */
  #isUsageHeld = false;
  /** The count of the end is here. */
  #hasCounted = false;

  constructor(secret: string | null, origin?: string) {
    this.#secret = secret;
    this.#origin = origin;
  }

  push(bytes: Uint8Array): void {
    try {
      this.#decoder.push(bytes, this);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.failure ??= garbage('Provider sent an event that is too large', cause.message, this.#secret);
    }
  }

  end(): void {
    const before = this.failure;
    this.#decoder.end(this);
    // Half an event at a cut is no failure of its own.
    if (this.failure?.failure === 'garbage') this.failure = before;
    if (this.isComplete && !this.isDone) this.#relay({ type: 'message_stop' }, 0, false);
  }

  /** Some leave the last event out: then why it stopped has been said. */
  get isComplete(): boolean {
    return this.#isFinished;
  }

  get isEmpty(): boolean {
    return !this.#hasBegun;
  }

  onEvent(data: string, name: string): void {
    if (this.isDone || this.failure !== null) return;
    let event: unknown;
    try {
      event = parseExact(data);
    } catch {
      this.#readWord(data, name);
      return;
    }
    if (name === 'error') this.#fail(event, data);
    else if (isJsonObject(event) && typeof event['type'] === 'string') this.readEvent(event, data);
    else if (isError(event)) this.#fail(event, data);
    else if (event !== null && event !== '') this.#notUnderstood(data);
  }

  /** `data` is the event as it came. */
  readEvent(event: JsonObject, data = ''): void {
    switch (event['type']) {
      case 'ping':
        return;
      case 'error':
        this.#fail(event, data);
        return;
      case 'message_start':
        if (this.#origin !== undefined) markContainer(event['message'], this.#origin);
        this.#start(event, data);
        return;
      case 'content_block_start':
        this.#startBlock(event);
        return;
      case 'content_block_delta':
        this.#delta(event);
        return;
      case 'message_delta':
        if (this.#origin !== undefined) markContainer(event['delta'], this.#origin);
        this.#messageDelta(event);
        return;
      case 'message_stop':
        this.#stop(event);
        return;
      default:
        this.#relay(event, 0, false);
    }
  }

  /** What is not JSON: the end as OpenAI writes it, a sign of life, or nonsense. */
  #readWord(data: string, name: string): void {
    const word = data.trim();
    if (name === 'error') this.#fail(undefined, data);
    else if (word === '[DONE]') this.#stop(null);
    else if (word !== '' && !/^(?::.*|ping|keep-?alive|heartbeat)$/i.test(word)) this.#notUnderstood(data);
  }

  #start(event: JsonObject, data: string): void {
    const message = isJsonObject(event['message']) ? event['message'] : {};
    const id = textOrNull(message['id']) || null;
    if (this.#hasBegun) {
      // A proxy that asked again: what was said before is of no answer that has an end.
      if (id === this.#messageId || !this.#hasSaid) this.#takeUsage(message['usage']);
      else this.failure = garbage('Provider began its answer a second time', data, this.#secret);
      return;
    }
    this.#hasBegun = true;
    this.#messageId = id;
    const usage = isJsonObject(message['usage']) ? message['usage'] : {};
    const tier = serviceTierOf(usage);
    if (id !== null || tier !== null) {
      this.events.push({
        type: 'meta',
        ...(id === null ? {} : { upstreamId: id }),
        ...(tier === null ? {} : { serviceTier: tier }),
      });
    }
    this.#takeUsage(usage);
    const content = Array.isArray(message['content']) ? message['content'].filter(isJsonObject) : [];
    this.#hasCalls = content.some(({ type }) => type === 'tool_use');
    const bytes = content.reduce((sum, block) => sum + writtenBytesOf(block), 0);
    this.#relay(event, bytes, content.length > 0);
  }

  #startBlock(event: JsonObject): void {
    const block = isJsonObject(event['content_block']) ? event['content_block'] : {};
    this.#hasCalls ||= block['type'] === 'tool_use';
    const bytes = writtenBytesOf(block);
    const isPlain = block['type'] === 'text' || block['type'] === 'thinking';
    this.#hasBegun = true;
    this.#relay(event, bytes, !isPlain || bytes > 0);
  }

  #delta(event: JsonObject): void {
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    const written = delta[WRITTEN[String(delta['type'])] ?? ''];
    const bytes = typeof written === 'string' ? Buffer.byteLength(written) : 0;
    this.#hasBegun = true;
    this.#relay(event, bytes, bytes > 0 || delta['type'] === 'signature_delta');
  }

  #messageDelta(event: JsonObject): void {
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    const word = textOrNull(delta['stop_reason']);
    this.#takeUsage(event['usage']);
    this.#hasCounted ||= isJsonObject(event['usage']);
    this.#hasBegun = true;
    this.#relay(event, 0, false);
    if (word !== null) this.#finish(word, textOrNull(delta['stop_sequence']));
    this.#tellHeldUsage();
  }

  /** A message that never said why it stopped gets a reason, because clients wait for one. */
  #stop(event: JsonObject | null): void {
    if (!this.#hasBegun) {
      this.isDone = true;
      return;
    }
    this.#finish(null, null);
    this.#relay(event ?? { type: 'message_stop' }, 0, false);
    this.isDone = true;
  }

  #finish(word: string | null, stopSequence: string | null): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#tellHeldUsage();
    this.events.push({
      type: 'finish',
      choice: 0,
      reason: mapStopReason(word, this.#hasCalls),
      native: word,
      ...(stopSequence === null ? {} : { stopSequence }),
    });
  }

  #takeUsage(usage: unknown): void {
    if (!isJsonObject(usage)) return;
    this.#usage = mergedUsage(this.#usage, usage);
    this.#isUsageHeld = true;
  }

  #tellHeldUsage(): void {
    if (this.#isUsageHeld) this.#tellUsage();
  }

  #tellUsage(): void {
    this.#isUsageHeld = false;
    const usage = convertUsage(this.#usage);
    if (usage === null) return;
    // At its beginning an answer counts some tokens of which nothing is written yet: who leaves then has used what was written.
    const output = this.#hasCounted ? {} : { outputTokens: 0, reasoningTokens: 0 };
    this.events.push({ type: 'usage', usage: { ...usage, ...output } });
  }

  #relay(event: JsonObject, writtenBytes: number, saysSomething: boolean): void {
    // Known before the first word: whoever leaves now has used the prompt.
    if (saysSomething) this.#tellHeldUsage();
    this.#hasSaid ||= saysSomething;
    this.events.push({ type: 'native', dialect: 'anthropic-messages', event, writtenBytes, saysSomething });
  }

  /** An answer that has said why it stopped is whole, whatever is said behind it. */
  #fail(value: unknown, text: string): void {
    if (this.#isFinished) return;
    this.failure = toldError({ status: null, value, text }, this.#secret);
  }

  #notUnderstood(data: string): void {
    if (this.#isFinished) return;
    this.failure = garbage('Provider sent an event that is not understood', data, this.#secret);
  }
}

/** UTF-8 bytes of what the model wrote in a block as it stands: text, thoughts, summaries, the names and arguments of calls. */
export function writtenBytesOf(block: JsonObject): number {
  const { type, text, thinking, name, input, content } = block;
  let bytes = 0;
  for (const written of [text, thinking, name, type === 'compaction' ? content : null]) {
    if (typeof written === 'string') bytes += Buffer.byteLength(written);
  }
  if (isJsonObject(input) && Object.keys(input).length > 0) bytes += Buffer.byteLength(JSON.stringify(input));
  return bytes;
}
