/** A streamed answer of Google's: bytes in, events out, in the call in which the bytes came. Chunks stay as they are. */
import type { ChatEvent } from '../../chat/event.ts';
import { markSeals } from '../../chat/origin.ts';
import { isJsonObject, type JsonObject, parseExact, textOrNull } from '../../json.ts';
import type { StreamReader } from '../answer-body.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import type { ProviderError } from '../provider-error.ts';
import { SseDecoder, type SseSink } from '../sse-decoder.ts';
import { blockReasonOf, candidatesOf, indexOf, isAnswer, partsOf, serviceTierOf } from './chunk.ts';
import { writtenBytesOf } from './parts.ts';
import { finishReasonOf } from './stop-reason.ts';
import { convertUsage, searchesOf } from './usage.ts';

interface Choice {
  /** The vendor's latest word for why it ended; null: none yet. */
  native: string | null;
  hasCalled: boolean;
  searches: number;
}

export class GoogleStreamReader implements StreamReader, SseSink {
  events: ChatEvent[] = [];
  failure: ProviderError | null = null;
  isDone = false;
  readonly #decoder = new SseDecoder();
  readonly #secret: string | null;
  readonly #origin: string | undefined;
  readonly #choices = new Map<number, Choice>();
  /** Why the prompt was refused. */
  #blockReason: string | null = null;
  #isFinishTold = false;
  #upstreamId: string | null = null;
  #serviceTier: string | null = null;

  constructor(secret: string | null, origin?: string) {
    this.#secret = secret;
    this.#origin = origin;
  }

  push(bytes: Uint8Array): void {
    this.#guarded(() => this.#decoder.push(bytes, this));
  }

  end(): void {
    this.#guarded(() => this.#decoder.end(this));
    this.#tellFinishes();
  }

  /** Every choice that began has said why it ended. */
  get isComplete(): boolean {
    if (this.#blockReason !== null) return true;
    const choices = [...this.#choices.values()];
    return choices.length > 0 && choices.every(({ native }) => native !== null);
  }

  get isEmpty(): boolean {
    return this.#choices.size === 0 && this.#blockReason === null;
  }

  onEvent(data: string, name: string): void {
    if (this.isDone || this.failure !== null) return;
    if (data === '' || name === 'ping') return;
    // Not Google's, but of gateways that speak like it.
    if (data === '[DONE]') {
      this.#tellFinishes();
      this.isDone = true;
      return;
    }
    let value: unknown;
    try {
      value = parseExact(data);
    } catch {
      this.failure = garbage('Provider returned an event that is not JSON', data, this.#secret);
      return;
    }
    for (const chunk of Array.isArray(value) ? value : [value]) this.#chunk(chunk, data);
  }

  #guarded(read: () => void): void {
    try {
      read();
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      this.failure ??= garbage('Provider returned an event that is too large', '', this.#secret);
    }
  }

  #chunk(chunk: unknown, text: string): void {
    if (this.failure !== null) return;
    if (isError(chunk) && !(isJsonObject(chunk) && Array.isArray(chunk['candidates'])))
      this.failure = toldError({ status: null, value: chunk, text }, this.#secret);
    else if (isAnswer(chunk)) this.#read(chunk);
    // What else comes (a keep-alive in JSON) is none of the answer.
  }

  #read(chunk: JsonObject): void {
    this.#meta(chunk);
    this.#blockReason ??= blockReasonOf(chunk);
    let writtenBytes = 0;
    let isAnySeen = false;
    let searches = 0;
    for (const candidate of candidatesOf(chunk)) {
      const parts = partsOf(candidate);
      if (this.#origin !== undefined) markSeals(parts, this.#origin);
      const choice = this.#choice(indexOf(candidate));
      choice.hasCalled ||= parts.some(isCall);
      choice.searches = Math.max(choice.searches, searchesOf(candidate));
      const native = textOrNull(candidate['finishReason']);
      if (finishReasonOf(native, false) !== null) choice.native = native;
      writtenBytes += writtenBytesOf(parts);
      isAnySeen ||= candidate['finishReason'] !== undefined || parts.some(isNoText);
    }
    for (const choice of this.#choices.values()) searches += choice.searches;
    const saysSomething = writtenBytes > 0 || isAnySeen || this.#blockReason !== null;
    this.events.push({
      type: 'native',
      dialect: 'google-generate',
      event: chunk,
      writtenBytes,
      saysSomething,
    });
    const usage = convertUsage(chunk['usageMetadata'], searches);
    if (usage !== null) this.events.push({ type: 'usage', usage });
  }

  #meta(chunk: JsonObject): void {
    const upstreamId = textOrNull(chunk['responseId']) ?? this.#upstreamId;
    const serviceTier = serviceTierOf(chunk) ?? this.#serviceTier;
    if (upstreamId === this.#upstreamId && serviceTier === this.#serviceTier) return;
    this.#upstreamId = upstreamId;
    this.#serviceTier = serviceTier;
    this.events.push({
      type: 'meta',
      ...(upstreamId === null ? {} : { upstreamId }),
      ...(serviceTier === null ? {} : { serviceTier }),
    });
  }

  #choice(index: number): Choice {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = { native: null, hasCalled: false, searches: 0 };
      this.#choices.set(index, choice);
    }
    return choice;
  }

  /** At the end alone: some say `STOP` with a chunk that others follow. */
  #tellFinishes(): void {
    if (this.#isFinishTold) return;
    this.#isFinishTold = true;
    for (const [index, { native, hasCalled }] of this.#choices) {
      const reason = finishReasonOf(native, hasCalled);
      if (reason !== null) this.events.push({ type: 'finish', choice: index, reason, native });
    }
    if (this.#choices.size === 0 && this.#blockReason !== null)
      this.events.push({ type: 'finish', choice: 0, reason: 'content_filter', native: this.#blockReason });
  }
}

const isCall = ({ functionCall }: JsonObject): boolean => isJsonObject(functionCall);

/** Of an answer without text: a picture, or a call. */
const isNoText = ({ text }: JsonObject): boolean => text === undefined;
