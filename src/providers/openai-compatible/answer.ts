/** The bytes of one answer, as they come, told to whoever called: an error, a whole answer or a stream, whatever its type says. */
import type { ChatEvent } from '../../chat/event.ts';
import type { AnswerHead, AnswerReader, Exchange, UpstreamFailure } from '../../upstream/upstream.ts';
import type { ChatReader } from '../adapter.ts';
import { failureOf } from '../failure-of.ts';
import { ProviderError } from '../provider-error.ts';
import { retryAfterSecondsOf } from '../retry-after.ts';
import type { SecretGuard } from '../secret-guard.ts';
import { SseDecoder } from '../sse-decoder.ts';
import { errorOf } from './error.ts';
import { AnswerGatherer } from './gather.ts';
import { completionOf, eventsOfWhole, wholeAnswer } from './response.ts';
import { ChunkReader } from './stream.ts';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** How long a provider may take to end a body after it said `[DONE]`: then its connection can serve another request. */
const READ_OUT_MS = 1000;

const DONE = '[DONE]';

/** What kind of body it is; `unknown` until its first byte tells, for its type may lie. */
type Body = 'unknown' | 'error' | 'json' | 'stream' | 'over';

export class OpenAiAnswer implements AnswerReader {
  readonly #reader: ChatReader;
  readonly #isNative: boolean;
  readonly #isStreamWanted: boolean;
  readonly #guard: SecretGuard;
  /** Set by whoever sent the request, before anything is told. */
  exchange: Exchange | undefined;
  #body: Body = 'unknown';
  #status = 0;
  #retryAfterSeconds: number | null = null;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #decoder: SseDecoder | undefined;
  #chunks: ChunkReader | undefined;
  #gatherer: AnswerGatherer | undefined;
  #events: ChatEvent[] = [];
  #isDone = false;
  #failure: ProviderError | undefined;
  #readOut: ReturnType<typeof setTimeout> | undefined;

  constructor(
    reader: ChatReader,
    options: { isNative: boolean; isStreamWanted: boolean; guard: SecretGuard },
  ) {
    this.#reader = reader;
    this.#isNative = options.isNative;
    this.#isStreamWanted = options.isStreamWanted;
    this.#guard = options.guard;
  }

  onHead(head: AnswerHead): void {
    this.#status = head.status;
    if (head.status >= 200 && head.status < 300) {
      this.#reader.onAnswered();
      return;
    }
    this.#body = 'error';
    this.#retryAfterSeconds = retryAfterSecondsOf(head.header('retry-after'), head.header('retry-after-ms'));
  }

  onBytes(bytes: Uint8Array): void {
    try {
      if (this.#body === 'stream') this.#stream(bytes);
      else if (this.#body === 'unknown') this.#first(bytes);
      else if (this.#body !== 'over') this.#keep(bytes);
    } catch (defect) {
      this.exchange?.cancel();
      this.#fail(asError(defect));
    }
  }

  onEnd(): void {
    clearTimeout(this.#readOut);
    try {
      this.#ended();
    } catch (defect) {
      this.#fail(asError(defect));
    }
  }

  #ended(): void {
    switch (this.#body) {
      case 'stream':
        this.#endStream();
        break;
      case 'json':
        this.#endJson();
        break;
      case 'error':
        this.#endError();
        break;
      case 'unknown':
        this.#fail(garbage('Provider returned an empty answer'));
        break;
      default:
    }
  }

  onFailure(failure: UpstreamFailure): void {
    clearTimeout(this.#readOut);
    if (this.#body === 'over') return;
    // What was refused is clear from the status, however much of its body came.
    if (this.#body === 'error') this.#endError();
    // The provider had said everything: how its connection ends does not matter.
    else if (this.#body === 'stream' && failure.kind === 'closed' && this.#chunks?.isComplete === true)
      this.#endStream();
    else this.#fail(failureOf(failure));
  }

  /** JSON begins with a bracket, and no line of a stream of events does. */
  #first(bytes: Uint8Array): void {
    let at = 0;
    // Blanks and a byte-order mark.
    while (at < bytes.length && (isBlank(bytes[at]) || isMark(bytes[at]))) at += 1;
    const code = bytes[at];
    if (code === undefined) {
      this.#keep(bytes);
      return;
    }
    const kept = this.#parts;
    if (code === 123 || code === 91 || code === 60) {
      this.#body = 'json';
      this.#keep(bytes);
      return;
    }
    this.#body = 'stream';
    this.#parts = [];
    const isRelayed = this.#isNative && this.#isStreamWanted;
    this.#chunks = new ChunkReader(isRelayed, this.#guard);
    if (!this.#isStreamWanted) this.#gatherer = new AnswerGatherer();
    this.#decoder = new SseDecoder((data, name) => this.#event(data, name));
    for (const part of kept) this.#decoder.push(part);
    this.#stream(bytes);
  }

  #keep(bytes: Uint8Array): void {
    const limit = this.#body === 'error' ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES;
    this.#bytes += bytes.length;
    if (this.#bytes <= limit) {
      this.#parts.push(Uint8Array.prototype.slice.call(bytes));
      return;
    }
    this.exchange?.cancel();
    if (this.#body === 'error') this.#endError();
    else this.#fail(garbage('Provider returned an answer that is too large'));
  }

  #text(): string {
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    return decoder.decode(bytes);
  }

  /** All that came together is told together. */
  #stream(bytes: Uint8Array): void {
    try {
      this.#decoder?.push(bytes);
    } catch (cause) {
      this.#failure = asProviderError(cause);
    }
    this.#tell();
    if (this.#failure !== undefined) {
      this.exchange?.cancel();
      this.#fail(this.#failure);
    } else if (this.#isDone) this.#endAtDone();
  }

  #event(data: string, name: string): void {
    if (this.#isDone || this.#failure !== undefined) return;
    const text = data.trim();
    if (text === DONE) this.#isDone = true;
    else if (text !== '') this.#chunks?.read(data, name, this.#events);
  }

  #tell(): void {
    const events = this.#events;
    if (events.length === 0) return;
    this.#events = [];
    if (this.#gatherer === undefined) this.#reader.onEvents(events);
    else this.#gatherer.add(events);
  }

  /** What follows `[DONE]` is of no interest, but reading it to its end lets the connection serve again. */
  #endAtDone(): void {
    this.#over();
    this.#readOut = setTimeout(() => this.exchange?.cancel(), READ_OUT_MS);
    this.#complete();
  }

  #endStream(): void {
    try {
      this.#decoder?.end();
    } catch (cause) {
      this.#failure = asProviderError(cause);
    }
    this.#tell();
    if (this.#failure !== undefined) this.#fail(this.#failure);
    else if (!this.#isDone && this.#chunks?.isComplete !== true) this.#fail(cutShort());
    else {
      this.#over();
      this.#complete();
    }
  }

  #complete(): void {
    if (this.#gatherer === undefined) this.#reader.onEnd();
    else this.#reader.onWhole(this.#gatherer.answer());
  }

  #endJson(): void {
    try {
      const body = completionOf(this.#text(), this.#guard);
      if (this.#isStreamWanted) {
        const events = eventsOfWhole(body, this.#isNative, this.#guard);
        this.#over();
        this.#reader.onEvents(events);
        this.#reader.onEnd();
      } else {
        const answer = wholeAnswer(body, this.#isNative);
        this.#over();
        this.#reader.onWhole(answer);
      }
    } catch (cause) {
      this.#fail(asProviderError(cause));
    }
  }

  #endError(): void {
    const text = this.#text();
    const said = {
      guard: this.#guard,
      status: this.#status,
      text,
      retryAfterSeconds: this.#retryAfterSeconds,
    };
    this.#fail(errorOf(jsonOrNull(text), said));
  }

  #fail(error: Error): void {
    if (this.#body === 'over') return;
    this.#over();
    this.#reader.onFailure(error);
  }

  #over(): void {
    this.#body = 'over';
    this.#parts = [];
  }
}

const decoder = new TextDecoder();

function isBlank(code: number | undefined): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function isMark(code: number | undefined): boolean {
  return code === 0xef || code === 0xbb || code === 0xbf;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('a defect', { cause });
}

function asProviderError(cause: unknown): ProviderError {
  if (cause instanceof ProviderError) return cause;
  if (cause instanceof RangeError) return garbage('Provider sent an event that is too large', cause);
  throw cause;
}

function garbage(message: string, cause?: unknown): ProviderError {
  return new ProviderError('garbage', { fault: 'provider', message, hasAnswered: true, cause });
}

function cutShort(): ProviderError {
  return new ProviderError('unreachable', {
    fault: 'provider',
    message: 'Provider closed the stream before it was finished',
    hasAnswered: true,
  });
}
