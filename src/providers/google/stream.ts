/** A streamed answer of Google's: bytes in, events out, in the call in which the bytes came. Chunks stay as they are. */
import type { ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject, parseExact, textOrNull } from '../../json.ts';
import type { StreamReader } from '../answer-body.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import type { ProviderError } from '../provider-error.ts';
import { SseDecoder, type SseSink } from '../sse-decoder.ts';
import { blockReasonOf, bytesOf, candidatesOf, hasCalls, indexOf, isAnswer, serviceTierOf } from './chunk.ts';
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
  readonly #choices = new Map<number, Choice>();
  /** Why the prompt was refused. */
  #blockReason: string | null = null;
  #isFinishTold = false;
  #upstreamId: string | null = null;
  #serviceTier: string | null = null;

  constructor(secret: string | null) {
    this.#secret = secret;
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
    for (const candidate of candidatesOf(chunk)) {
      const choice = this.#choice(indexOf(candidate));
      choice.hasCalled ||= hasCalls(candidate);
      choice.searches = Math.max(choice.searches, searchesOf(candidate));
      const native = textOrNull(candidate['finishReason']);
      if (finishReasonOf(native, false) !== null) choice.native = native;
    }
    const writtenBytes = bytesOf(chunk);
    const saysSomething = writtenBytes > 0 || candidatesOf(chunk).some(isSeen) || this.#blockReason !== null;
    this.events.push({
      type: 'native',
      dialect: 'google-generate',
      event: chunk,
      writtenBytes,
      saysSomething,
    });
    const searches = [...this.#choices.values()].reduce((sum, choice) => sum + choice.searches, 0);
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

/** Of an answer without text: a picture, or the reason why there is none. */
function isSeen(candidate: JsonObject): boolean {
  const { content } = candidate;
  const parts = isJsonObject(content) && Array.isArray(content['parts']) ? content['parts'] : [];
  return (
    parts.some((part) => isJsonObject(part) && part['text'] === undefined) ||
    candidate['finishReason'] !== undefined
  );
}
