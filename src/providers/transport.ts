/** The way to a provider as an adapter sees it: one request out, the bytes of its answer pushed back as they come. */

export interface UpstreamRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeouts: {
    /** Until the first byte of the answer. */
    readonly firstByteMs: number;
    /** Silence in the answer. */
    readonly idleMs: number;
    /** Until the answer is complete; null: as long as it pleases. */
    readonly answerMs: number | null;
  };
}

export interface AnswerHeaders {
  readonly status: number;
  /** By its name in lower case; null: not there. */
  header(name: string): string | null;
}

/** Hears of one answer: the head, its bytes, and then either its end or a failure. Nothing after `cancel`. */
export interface AnswerReader {
  onHead(head: AnswerHeaders): void;
  /** The bytes are valid during the call only. */
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

export interface UpstreamFailure {
  /** `too-large`: longer than the client allows; `malformed`: not HTTP. */
  readonly kind: 'unreachable' | 'closed' | 'timeout' | 'malformed' | 'too-large';
  readonly hasAnswered: boolean;
  /** No byte of the request can have reached the provider. */
  readonly neverSent: boolean;
  readonly cause?: unknown;
}

export interface UpstreamExchange {
  pause(): void;
  resume(): void;
  /** Ends the exchange and closes its connection. */
  cancel(): void;
}

export interface UpstreamClient {
  /** Calls nothing of `reader` before it has returned. */
  send(request: UpstreamRequest, reader: AnswerReader): UpstreamExchange;
}
