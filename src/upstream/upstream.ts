/**
 * What a request to a provider is, and how its answer comes back: pushed into callbacks of one object, without a promise, an
 * AbortController or a timer for each request. `client.ts` builds the client.
 */

export interface UpstreamRequest {
  /** Absolute, http or https. */
  readonly url: string;
  /** Absent: POST. With GET the body is empty. */
  readonly method?: 'GET';
  /**
   * Names in any case. Framing and connection fields are the client's own and are refused. A frozen object is turned into
   * text once and found again by its identity, so freeze what serves several requests.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as UTF-8 with its Content-Length. */
  readonly body: string;
  readonly timeouts: UpstreamTimeouts;
  /** Somebody typed the address in: it is connected to only where it leads to the public internet. */
  readonly mustBePublic?: true | undefined;
}

/** Milliseconds; each may be noticed up to three sweeps (see `src/deadlines.ts`) late, never early. */
export interface UpstreamTimeouts {
  /** From sending, waiting for a connection included, until the head of the answer is here. */
  readonly firstByteMs: number;
  /** Silence after the head; the time during which the reader has paused does not count. */
  readonly idleMs: number;
  /** The whole answer, from sending; null: unbounded. */
  readonly answerMs: number | null;
}

export interface AnswerHead {
  readonly status: number;
  /** Case does not matter; a repeated field's values are joined with a comma. */
  header(name: string): string | null;
}

/**
 * `onHead`, any number of `onBytes`, then exactly one of `onEnd` and `onFailure`; only `onFailure` where no answer came.
 * Nothing is called inside `send`, and nothing after `cancel`.
 */
export interface AnswerReader {
  onHead(head: AnswerHead): void;
  /** The bytes are valid during the call alone: whoever keeps them copies them. */
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

export interface Exchange {
  /** Nothing more is read from the provider until `resume`; what was already read is still delivered, also during the call. */
  pause(): void;
  resume(): void;
  /** Ends the exchange; its connection is closed unless the answer is complete. */
  cancel(): void;
}

export interface UpstreamClient {
  /** Throws a TypeError, before anything is sent, for a URL or a header that cannot be sent safely; an Error once closed. */
  send(request: UpstreamRequest, reader: AnswerReader): Exchange;
  /** Ends all exchanges with a failure and closes all connections. */
  close(): void;
}

export interface UpstreamFailure {
  /**
   * unreachable: no connection (name, refused, certificate). closed: it broke, or the client was closed. malformed: an answer
   * that is not one by the strict rules of `response-parser.ts`. too-large: its head or framing is longer than allowed. no-room:
   * this machine has no descriptor left for a connection.
   */
  readonly kind: 'unreachable' | 'closed' | 'timeout' | 'malformed' | 'too-large' | 'no-room';
  /** Which of the limits ran out; null for the other kinds. */
  readonly timeout: 'firstByte' | 'idle' | 'answer' | null;
  /** The head of the answer was here. */
  readonly hasAnswered: boolean;
  /** The provider cannot have handled the request: no connection was made, or it never got the request whole. */
  readonly neverSent: boolean;
  readonly cause: Error | null;
}

/** What every failure is unless it is said otherwise. */
const PLAIN = { timeout: null, hasAnswered: false, neverSent: false, cause: null } as const;

export function failure(
  kind: UpstreamFailure['kind'],
  known: Partial<Omit<UpstreamFailure, 'kind'>> = {},
): UpstreamFailure {
  return { kind, ...PLAIN, ...known };
}
