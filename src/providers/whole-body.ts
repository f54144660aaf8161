/** An answer that is one JSON text and never a stream: read whole, and told as what it says or as why it failed. */
import type {
  AnswerHead,
  AnswerReader,
  Exchange as UpstreamExchange,
  UpstreamFailure,
} from '../upstream/upstream.ts';
import type { Exchange, WholeReader } from './adapter.ts';
import { statusError } from './answer-body.ts';
import { connectionError, garbage } from './errors/error.ts';

/** 2048 vectors of 3072 numbers, the most that OpenAI gives at once, are 80 MiB in digits. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** How long the body of an error may take. */
const ERROR_BODY_MS = 5000;

/** `A`: what the answer is read as. */
export class WholeBody<A> implements AnswerReader, Exchange {
  /** Set once the request is on its way. */
  exchange: UpstreamExchange | undefined;
  readonly #reader: WholeReader<A>;
  readonly #secret: string | null;
  readonly #read: (body: unknown, text: string) => A;
  #head: AnswerHead | undefined;
  #parts: Uint8Array[] = [];
  #totalBytes = 0;
  #isClosed = false;
  #errorTimer: ReturnType<typeof setTimeout> | undefined;

  /** `read` throws ProviderError for what is not the wire format. */
  constructor(reader: WholeReader<A>, secret: string | null, read: (body: unknown, text: string) => A) {
    this.#reader = reader;
    this.#secret = secret;
    this.#read = read;
  }

  pause(): void {
    this.exchange?.pause();
  }

  resume(): void {
    this.exchange?.resume();
  }

  cancel(): void {
    if (this.#isClosed) return;
    this.#close();
    this.exchange?.cancel();
  }

  onHead(head: AnswerHead): void {
    if (this.#isClosed) return;
    this.#head = head;
    if (this.#isSuccess()) this.#reader.onAnswered();
    // The status alone says enough: nobody waits long for its reasons.
    else this.#errorTimer = setTimeout(() => this.#failWithStatus(), ERROR_BODY_MS);
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#totalBytes += bytes.byteLength;
    // The client owns the bytes and writes the next ones over them.
    this.#parts.push(new Uint8Array(bytes));
    if (!this.#isSuccess()) {
      if (this.#totalBytes > MAX_ERROR_BYTES) this.#failWithStatus();
    } else if (this.#totalBytes > MAX_ANSWER_BYTES)
      this.#fail(garbage('Provider returned an answer that is too large', '', this.#secret));
  }

  onEnd(): void {
    if (this.#isClosed) return;
    this.exchange = undefined;
    if (this.#isSuccess()) this.#tell();
    else this.#failWithStatus();
  }

  onFailure(failure: UpstreamFailure): void {
    if (this.#isClosed) return;
    this.exchange = undefined;
    if (this.#head === undefined || this.#isSuccess()) this.#fail(connectionError(failure));
    else this.#failWithStatus();
  }

  #isSuccess(): boolean {
    return this.#head !== undefined && this.#head.status >= 200 && this.#head.status < 300;
  }

  #tell(): void {
    const text = this.#text();
    let answer: A;
    try {
      answer = this.#read(this.#parsed(text), text);
    } catch (thrown) {
      this.#fail(thrown instanceof Error ? thrown : new Error('not an error was thrown', { cause: thrown }));
      return;
    }
    this.#close();
    this.#reader.onWhole(answer);
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      const message = text.trim() === '' ? 'an empty answer' : 'an answer that is not JSON';
      throw garbage(`Provider returned ${message}`, text.slice(0, 2000), this.#secret);
    }
  }

  #failWithStatus(): void {
    this.#fail(statusError(this.#head, this.#text(), this.#secret));
  }

  /** A ProviderError; anything else is a defect of ours, which whoever called must hear of too. */
  #fail(error: Error): void {
    this.#close();
    this.exchange?.cancel();
    this.#reader.onFailure(error);
  }

  #close(): void {
    this.#isClosed = true;
    this.#parts = [];
    clearTimeout(this.#errorTimer);
  }

  #text(): string {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    // It takes a byte order mark away, which JSON may not begin with.
    return new TextDecoder().decode(bytes);
  }
}
