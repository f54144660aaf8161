/**
 * One answer as its bytes come: told to the caller of the adapter as a stream or whole, as was asked for, whatever the provider
 * answers with. What the body is, its first character tells; content types are not to be believed.
 */
import type { ChatEvent } from '../../chat/event.ts';
import { laterUsage, type TokenUsage } from '../../chat/usage.ts';
import type {
  AnswerHead,
  AnswerReader,
  Exchange as UpstreamExchange,
  UpstreamFailure,
} from '../../upstream/upstream.ts';
import type { ChatReader, Exchange } from '../adapter.ts';
import { connectionError, garbage, toldError } from '../error.ts';
import { ProviderError } from '../provider-error.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import { SseDecoder } from '../sse-decoder.ts';
import { collected } from './collect.ts';
import { answerOf, convertResponse, eventsOf, type WholeAnswer } from './response.ts';
import { StreamReader } from './stream.ts';
import { TypedEvents } from './typed-events.ts';

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
  readonly secret: string | null;
}

export class AnswerBody implements AnswerReader, Exchange {
  /** Set once the request is on its way. */
  exchange: UpstreamExchange | undefined;
  readonly #reader: ChatReader;
  readonly #asked: Asked;
  readonly #typed: TypedEvents | null;
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
    this.#asked = asked;
    this.#typed = asked.isNative ? null : new TypedEvents();
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
    else if (this.#kind === 'events') this.#endEvents(failure);
    else this.#fail(connectionError(failure));
  }

  /** White space, which some send while they think; a flood of it is none of that. */
  #skip(bytes: Uint8Array): void {
    this.#totalBytes += bytes.byteLength;
    if (this.#totalBytes > MAX_BLANK_BYTES) this.#fail(this.#tooLarge());
  }

  #read(bytes: Uint8Array): void {
    this.#stream ??= new StreamReader(this.#asked.secret, this.#asked.isStream && this.#asked.isNative);
    this.#stream.push(bytes);
    this.#passOn(this.#stream);
    if (this.#asked.isStream || this.#isClosed) return;
    // All of it stays in memory until its end.
    this.#totalBytes += bytes.byteLength;
    if (this.#totalBytes > MAX_ANSWER_BYTES) this.#fail(this.#tooLarge());
  }

  /** Hands on what came together, then the failure behind it or the end. */
  #passOn(stream: StreamReader): void {
    const { events } = stream;
    if (events.length > 0) {
      stream.events = [];
      if (!this.#asked.isStream) this.#kept.push(...events);
      else this.#reader.onEvents(this.#typed === null ? events : this.#typed.convert(events));
    }
    if (this.#isClosed) return;
    if (stream.failure !== null) this.#fail(stream.failure);
    else if (stream.isDone) this.#finishEvents(stream);
  }

  /** The bytes ended, or broke off. An answer of which nothing is missing is a success all the same. */
  #endEvents(failure: UpstreamFailure | null): void {
    const stream = this.#stream ?? new StreamReader(this.#asked.secret);
    stream.end();
    this.#passOn(stream);
    if (this.#isClosed) return;
    if (stream.isComplete && !stream.isEmpty) this.#finishEvents(stream);
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
    if (this.#asked.isStream) this.#reader.onEnd();
    else this.#tellWhole(() => wholeOf(this.#kept, this.#asked.secret));
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
      body = JSON.parse(text);
    } catch {
      this.#endLines(text);
      return;
    }
    this.#tellWhole(() => convertResponse(body, text, this.#asked.secret));
  }

  /** Not one JSON text: a chunk on each line, as some stream without `data:`, or nonsense. */
  #endLines(text: string): void {
    const stream = new StreamReader(this.#asked.secret);
    this.#stream = stream;
    stream.push(Buffer.from(`${text}\n`));
    if (stream.isEmpty && stream.failure?.failure !== 'status') {
      this.#fail(garbage('Provider returned an answer that is not JSON', text, this.#asked.secret));
    } else this.#endEvents(null);
  }

  #tellWhole(read: () => WholeAnswer): void {
    let whole: WholeAnswer;
    try {
      whole = read();
    } catch (thrown) {
      if (!(thrown instanceof ProviderError)) throw thrown;
      this.#fail(thrown);
      return;
    }
    this.#isClosed = true;
    if (!this.#asked.isStream) {
      this.#reader.onWhole(answerOf(whole, this.#asked.isNative));
      return;
    }
    const events = eventsOf(whole);
    this.#isClosed = false;
    this.#reader.onEvents(this.#typed === null ? events : this.#typed.convert(events));
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.onEnd();
  }

  #failWithStatus(): void {
    const status = this.#head?.status ?? 502;
    const text = this.#text();
    const isRedirect = status >= 300 && status < 400;
    this.#fail(
      isRedirect
        ? garbage('Provider answered with a redirect', text, this.#asked.secret)
        : toldError(
            { status, value: errorBodyOf(text), text, retryAfterSeconds: retryAfterSeconds(this.#head) },
            this.#asked.secret,
          ),
    );
  }

  #tooLarge(): ProviderError {
    return garbage('Provider returned an answer that is too large', '', this.#asked.secret);
  }

  #nothing(): ProviderError {
    return garbage('Provider returned an empty answer', this.#text(), this.#asked.secret);
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

/** What a stream adds up to, read as the whole answer that was asked for. */
function wholeOf(events: readonly ChatEvent[], secret: string | null): WholeAnswer {
  const body = collected(events);
  const whole = convertResponse(body, JSON.stringify(body), secret);
  let usage: TokenUsage | null = null;
  for (const event of events) if (event.type === 'usage') usage = laterUsage(usage, event.usage);
  return { ...whole, facts: { ...whole.facts, usage } };
}

function cutShort(): ProviderError {
  return new ProviderError('unreachable', {
    fault: 'provider',
    message: 'Provider closed the stream before it was finished',
    hasAnswered: true,
  });
}
