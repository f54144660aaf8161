/**
 * One answer as its bytes come: told to the caller of the adapter as a stream or whole, as was asked for, whatever the provider
 * answers with. What the body is, its first character tells; content types are not to be believed. Each wire format extends it with
 * how it reads a stream and a whole answer.
 */
import type { ChatAnswer } from '../chat/answer.ts';
import type { ChatEvent } from '../chat/event.ts';
import type {
  AnswerHead,
  AnswerReader,
  Exchange as UpstreamExchange,
  UpstreamFailure,
} from '../upstream/upstream.ts';
import type { ChatReader, Exchange } from './adapter.ts';
import { connectionError, garbage, toldError } from './errors/error.ts';
import { retryAfterSeconds } from './errors/retry-after.ts';
import { ProviderError } from './provider-error.ts';
import { SseDecoder } from './sse-decoder.ts';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** How long a provider may take to end a body after it said `[DONE]`: reading it out gives the connection back. */
const READ_OUT_MS = 1000;
/** How long the body of an error may take. */
const ERROR_BODY_MS = 5000;
/** Before the first byte that is no white space. */
const MAX_BLANK_BYTES = 1024 * 1024;

export interface Asked {
  readonly isStream: boolean;
  /** The caller speaks this dialect: events and bodies pass as they are. */
  readonly isNative: boolean;
  /** The key that was sent: no error may repeat it. */
  readonly secret: string | null;
  /** `ProviderTarget.origin`. */
  readonly origin?: string | undefined;
}

/** Bytes of a stream in, events out, in the call in which the bytes came. */
export interface StreamReader {
  /** What the bytes so far told; whoever hands them on empties it. */
  events: ChatEvent[];
  /** Met behind `events`; nothing is read after it. */
  readonly failure: ProviderError | null;
  /** The vendor said that this is the end. */
  readonly isDone: boolean;
  /** Nothing is missing, also where the vendor said nothing of an end. */
  readonly isComplete: boolean;
  /** Nothing of an answer ever began. */
  readonly isEmpty: boolean;
  push(bytes: Uint8Array): void;
  /** The bytes are at their end, however that came about. */
  end(): void;
}

/** `Whole` is a whole answer as the format keeps it until it is told. */
export abstract class AnswerBody<Whole> implements AnswerReader, Exchange {
  /** Set once the request is on its way. */
  exchange: UpstreamExchange | undefined;
  readonly #reader: ChatReader;
  protected readonly asked: Asked;
  #isClosed = false;
  /** The exchange is over: there is nothing left to cancel. */
  #isOver = false;
  #head: AnswerHead | undefined;
  /** What the body turned out to be; null: there was only white space so far. */
  #kind: 'events' | 'json' | 'error' | null = null;
  /** Of JSON and of errors. */
  #parts: Uint8Array[] = [];
  #totalBytes = 0;
  #stream: StreamReader | undefined;
  /** Of a stream that nobody asked for. */
  #kept: ChatEvent[] = [];
  #readOut: ReturnType<typeof setTimeout> | undefined;

  constructor(reader: ChatReader, asked: Asked) {
    this.#reader = reader;
    this.asked = asked;
  }

  /** `isRelayed`: what it tells goes to a caller of the same dialect, as it comes. */
  protected abstract streamReader(isRelayed: boolean): StreamReader;
  /** Events of the reader as the caller takes them: native or typed. */
  protected abstract toCaller(events: readonly ChatEvent[]): readonly ChatEvent[];
  /** Throws ProviderError for what is no answer, or an error. `text` is the body as it came. */
  protected abstract readWhole(body: unknown, text: string): Whole;
  /** What the events of the reader add up to; throws like `readWhole`. */
  protected abstract collect(events: readonly ChatEvent[]): Whole;
  protected abstract answerOf(whole: Whole): ChatAnswer;
  /** What a stream would have told of it, for `toCaller`. */
  protected abstract eventsOf(whole: Whole): readonly ChatEvent[];

  /** Of a whole answer. Formats in which the arguments of calls are objects keep their digits. */
  protected parse(text: string): unknown {
    return JSON.parse(text);
  }

  pause(): void {
    this.exchange?.pause();
  }

  resume(): void {
    this.exchange?.resume();
  }

  cancel(): void {
    this.#isClosed = true;
    this.#leave();
  }

  onHead(head: AnswerHead): void {
    if (this.#isClosed) return;
    this.#head = head;
    if (head.status >= 200 && head.status < 300) {
      this.#reader.onAnswered();
      return;
    }
    this.#kind = 'error';
    // The status alone says enough: nobody waits long for its reasons.
    this.#readOut = setTimeout(() => this.#failWithStatus(), ERROR_BODY_MS);
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      if (this.#kind === null) this.#kind = kindOf(bytes);
      if (this.#kind === 'events') this.#read(bytes);
      else if (this.#kind !== null) this.#keep(bytes);
      else this.#skip(bytes);
    } catch (defect) {
      this.#fail(asError(defect));
    }
  }

  onEnd(): void {
    this.#isOver = true;
    clearTimeout(this.#readOut);
    if (this.#isClosed) return;
    try {
      if (this.#kind === 'error') this.#failWithStatus();
      else if (this.#kind === 'json') this.#endJson();
      else this.#endEvents(null);
    } catch (defect) {
      this.#fail(asError(defect));
    }
  }

  onFailure(failure: UpstreamFailure): void {
    this.#isOver = true;
    clearTimeout(this.#readOut);
    if (this.#isClosed) return;
    // The status alone says enough: what came of its body before the break is shown.
    if (this.#kind === 'error') this.#failWithStatus();
    else this.#endEvents(failure);
  }

  /** White space, which some send while they think; a flood of it is none of that. */
  #skip(bytes: Uint8Array): void {
    this.#totalBytes += bytes.byteLength;
    if (this.#totalBytes > MAX_BLANK_BYTES) this.#fail(this.#tooLarge());
  }

  #read(bytes: Uint8Array): void {
    this.#stream ??= this.streamReader(this.asked.isStream && this.asked.isNative);
    this.#stream.push(bytes);
    this.#passOn(this.#stream);
    if (this.asked.isStream || this.#isClosed) return;
    // All of it stays in memory until its end.
    this.#totalBytes += bytes.byteLength;
    if (this.#totalBytes > MAX_ANSWER_BYTES) this.#fail(this.#tooLarge());
  }

  /** Hands on what came together, then the failure behind it or the end. */
  #passOn(stream: StreamReader): void {
    const { events } = stream;
    if (events.length > 0) {
      stream.events = [];
      if (!this.asked.isStream) this.#kept.push(...events);
      else this.#reader.onEvents(this.toCaller(events));
    }
    if (this.#isClosed) return;
    if (stream.failure !== null) this.#fail(stream.failure);
    else if (stream.isDone) this.#finishEvents(stream);
  }

  /** The bytes ended, or broke off. An answer of which nothing is missing is a success all the same. */
  #endEvents(failure: UpstreamFailure | null): void {
    const stream = this.#stream ?? this.streamReader(false);
    stream.end();
    this.#passOn(stream);
    if (this.#isClosed) return;
    if (stream.isComplete) this.#finishEvents(stream);
    else if (failure !== null) this.#fail(connectionError(failure));
    else if (stream.isEmpty) this.#fail(this.#nothing());
    else this.#fail(cutShort());
  }

  #finishEvents(stream: StreamReader): void {
    if (stream.isEmpty) {
      this.#fail(this.#nothing());
      return;
    }
    this.#isClosed = true;
    if (!this.#isOver) this.#readOut = setTimeout(() => this.#leave(), READ_OUT_MS).unref();
    if (this.asked.isStream) this.#reader.onEnd();
    else this.#tellWhole(() => this.collect(this.#kept));
  }

  #keep(bytes: Uint8Array): void {
    const limit = this.#kind === 'error' ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES;
    this.#totalBytes += bytes.byteLength;
    // The client owns the bytes and writes the next ones over them.
    this.#parts.push(new Uint8Array(bytes));
    if (this.#totalBytes <= limit) return;
    if (this.#kind === 'error') this.#failWithStatus();
    else this.#fail(this.#tooLarge());
  }

  #endJson(): void {
    const text = this.#text();
    let body: unknown;
    try {
      body = this.parse(text);
    } catch {
      this.#endLines(text);
      return;
    }
    this.#tellWhole(() => this.readWhole(body, text));
  }

  /** Not one JSON text: a chunk on each line, as some stream without `data:`, or nonsense. */
  #endLines(text: string): void {
    const stream = this.streamReader(false);
    this.#stream = stream;
    stream.push(Buffer.from(`${text}\n`));
    if (stream.isEmpty && stream.failure?.failure !== 'status') {
      this.#fail(garbage('Provider returned an answer that is not JSON', text, this.asked.secret));
    } else this.#endEvents(null);
  }

  #tellWhole(read: () => Whole): void {
    let whole: Whole;
    try {
      whole = read();
    } catch (thrown) {
      if (!(thrown instanceof ProviderError)) throw thrown;
      this.#fail(thrown);
      return;
    }
    this.#isClosed = true;
    if (!this.asked.isStream) {
      this.#reader.onWhole(this.answerOf(whole));
      return;
    }
    const events = this.toCaller(this.eventsOf(whole));
    this.#isClosed = false;
    this.#reader.onEvents(events);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.onEnd();
  }

  #failWithStatus(): void {
    this.#fail(statusError(this.#head, this.#text(), this.asked.secret));
  }

  #tooLarge(): ProviderError {
    return garbage('Provider returned an answer that is too large', '', this.asked.secret);
  }

  #nothing(): ProviderError {
    return garbage('Provider returned an empty answer', this.#text(), this.asked.secret);
  }

  /** Whoever called must hear of an end, of a defect of ours too. */
  #fail(error: Error): void {
    this.#isClosed = true;
    this.#leave();
    this.#reader.onFailure(error);
  }

  #leave(): void {
    clearTimeout(this.#readOut);
    if (this.#isOver) return;
    this.#isOver = true;
    this.exchange?.cancel();
  }

  #text(): string {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    // It takes a byte order mark away, which JSON may not begin with.
    return new TextDecoder().decode(bytes);
  }
}

/** What an answer with a status of no success means. `text` is what came of its body. */
export function statusError(
  head: AnswerHead | undefined,
  text: string,
  secret: string | null,
): ProviderError {
  const status = head?.status ?? 502;
  if (status >= 300 && status < 400) return garbage('Provider answered with a redirect', text, secret);
  return toldError(
    { status, value: errorBodyOf(text), text, retryAfterSeconds: retryAfterSeconds(head) },
    secret,
  );
}

function asError(defect: unknown): Error {
  return defect instanceof Error ? defect : new Error('not an error was thrown', { cause: defect });
}

/** By its first character that is not white space or a byte order mark; null: there is none yet. */
function kindOf(bytes: Uint8Array): 'events' | 'json' | null {
  for (const byte of bytes) {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) continue;
    if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue;
    return byte === 0x7b || byte === 0x5b || byte === 0x3c || byte === 0x22 ? 'json' : 'events';
  }
  return null;
}

/** JSON, or the first JSON event of an error that comes in the shape of a stream; undefined: neither. */
function errorBodyOf(text: string): unknown {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  let first: unknown;
  const sink = {
    onEvent(data: string) {
      first ??= parsed(data);
    },
  };
  const decoder = new SseDecoder();
  decoder.push(Buffer.from(text), sink);
  decoder.end(sink);
  return typeof first === 'object' ? first : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cutShort(): ProviderError {
  return new ProviderError('unreachable', {
    fault: 'provider',
    message: 'Provider closed the stream before it was finished',
    hasAnswered: true,
  });
}
