/** One request on our own connections, from waiting for one to the end of its answer. */
import type { Deadlines, Watched } from '../deadlines.ts';
import type { AnswerFields } from './answer-fields.ts';
import type { Connection } from './connection.ts';
import { Decoding } from './decoding.ts';
import {
  type AnswerReader,
  type Exchange,
  failure,
  type UpstreamFailure,
  type UpstreamRequest,
  type UpstreamTimeouts,
} from './upstream.ts';

/** How long a reset may take that answers the request. */
const RESET_GRACE_MS = 300;

/** Where an exchange waits for a connection. */
export interface WaitingRoom {
  leave(exchange: OwnExchange): void;
  /** A reader threw, which is a defect of ours and not of the provider. */
  onDefect(cause: unknown): void;
}

export class OwnExchange implements Exchange, Watched {
  /** Latin-1, up to the number of bytes of the body. */
  readonly head: string;
  /** Null while it waits for a connection, and once it is over. */
  connection: Connection | null = null;
  readonly #reader: AnswerReader;
  readonly #timeouts: UpstreamTimeouts;
  /** Let go once the answer has begun, since it cannot be needed again then. */
  #request: UpstreamRequest | null;
  readonly #deadlines: Deadlines;
  readonly #room: WaitingRoom;
  /** Where it went when its origin turned out to speak HTTP/2 alone. */
  #successor: Exchange | null = null;
  #isRetried = false;
  /** Until when a reset may tell that a connection that has ended did not take the request. */
  #resetDueAt = Number.POSITIVE_INFINITY;
  #isOver = false;
  #isPaused = false;
  #hasAnswered = false;
  /** Something came since the last sweep. */
  #heard = false;
  #silentAt: number;
  readonly #answerDueAt: number;
  #decoding: Decoding | null = null;

  constructor(
    request: UpstreamRequest,
    head: string,
    reader: AnswerReader,
    waiting: { readonly deadlines: Deadlines; readonly room: WaitingRoom },
  ) {
    this.head = head;
    this.#request = request;
    this.#timeouts = request.timeouts;
    this.#reader = reader;
    this.#deadlines = waiting.deadlines;
    this.#room = waiting.room;
    this.#silentAt = this.#deadlines.after(request.timeouts.firstByteMs);
    this.#answerDueAt =
      request.timeouts.answerMs === null
        ? Number.POSITIVE_INFINITY
        : this.#deadlines.after(request.timeouts.answerMs);
    this.#deadlines.add(this);
  }

  get body(): string {
    return this.#request?.body ?? '';
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#successor?.pause();
    if (this.#isOver || this.#isPaused) return;
    this.#isPaused = true;
    this.#decoding?.pause();
    this.connection?.pause();
  }

  resume(): void {
    this.#successor?.resume();
    if (this.#isOver || !this.#isPaused) return;
    this.#isPaused = false;
    this.#heard = true;
    this.#decoding?.resume();
    if (this.#decoding?.isFull !== true) this.connection?.resume();
  }

  cancel(): void {
    this.#successor?.cancel();
    this.#over();
  }

  /** Goes another way, by `send`, before anything of it was sent. */
  moveTo(send: (request: UpstreamRequest, reader: AnswerReader) => Exchange): void {
    const request = this.#request;
    if (this.#isOver || request === null) return;
    this.#over();
    this.#successor = send(request, this.#reader);
    if (this.#isPaused) this.#successor.pause();
  }

  /** A reused connection died under it before a byte of the answer: it goes on a fresh one, and not a third time. */
  get isRetried(): boolean {
    return this.#isRetried;
  }

  retry(): void {
    this.#isRetried = true;
    this.#resetDueAt = Number.POSITIVE_INFINITY;
  }

  /** The provider has ended the connection without a byte; whether it read the request shows within a round trip. */
  awaitReset(): void {
    this.#resetDueAt = this.#deadlines.after(RESET_GRACE_MS);
  }

  onSweep(nowMs: number): void {
    if (this.#heard) {
      this.#heard = false;
      if (this.#hasAnswered) this.#silentAt = this.#deadlines.after(this.#timeouts.idleMs);
    }
    if (nowMs >= this.#answerDueAt) this.#expire('answer');
    else if (nowMs >= this.#resetDueAt) this.fail(failure('closed'));
    else if (nowMs < this.#silentAt) return;
    else if (!this.#hasAnswered) this.#expire('firstByte');
    else if (!this.#isPaused) this.#expire('idle');
  }

  /** The head of the answer, from the connection. */
  answered(fields: AnswerFields): void {
    this.#hasAnswered = true;
    this.#heard = true;
    this.#request = null;
    if (fields.contentEncoding !== null && !fields.hasNoBody) {
      this.#decoding = Decoding.of(fields.contentEncoding, {
        onBytes: (bytes) => this.#deliver(bytes),
        onFull: () => this.connection?.pause(),
        onDrained: () => {
          if (!this.#isPaused) this.connection?.resume();
        },
        onEnd: () => this.#end(),
        onFailure: (cause) => this.fail(failure('malformed', { hasAnswered: true, cause })),
      });
    }
    try {
      this.#reader.onHead(fields);
    } catch (cause) {
      this.#readerThrew(cause);
    }
    // Paused before there was a decoder, or by the callback above.
    if (this.#isPaused) this.#decoding?.pause();
  }

  /** Bytes of the body, from the connection. */
  received(bytes: Uint8Array): void {
    this.#heard = true;
    if (this.#decoding === null) this.#deliver(bytes);
    else this.#decoding.write(bytes);
  }

  /** The answer is complete; the connection has already been given back. */
  completed(): void {
    this.connection = null;
    if (this.#decoding === null) this.#end();
    else this.#decoding.end();
  }

  fail(reason: UpstreamFailure): void {
    if (this.#isOver) return;
    this.#over();
    try {
      this.#reader.onFailure(reason);
    } catch (cause) {
      this.#room.onDefect(cause);
    }
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#reader.onBytes(bytes);
    } catch (cause) {
      this.#readerThrew(cause);
    }
  }

  #end(): void {
    if (this.#isOver) return;
    this.#over();
    try {
      this.#reader.onEnd();
    } catch (cause) {
      this.#room.onDefect(cause);
    }
  }

  #readerThrew(thrown: unknown): void {
    this.#room.onDefect(thrown);
    const cause =
      thrown instanceof Error ? thrown : new Error('The reader of the answer threw', { cause: thrown });
    this.fail(failure('closed', { hasAnswered: true, cause }));
  }

  #expire(which: 'firstByte' | 'idle' | 'answer'): void {
    const hasLeft = this.connection?.hasSentAll === true;
    this.fail(
      failure('timeout', {
        timeout: which,
        hasAnswered: this.#hasAnswered,
        neverSent: !this.#hasAnswered && !hasLeft,
      }),
    );
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadlines.remove(this);
    this.#decoding?.cancel();
    this.#decoding = null;
    this.#request = null;
    const connection = this.connection;
    this.connection = null;
    if (connection === null) this.#room.leave(this);
    else connection.abandon();
  }
}
