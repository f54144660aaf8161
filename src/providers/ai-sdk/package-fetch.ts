/**
 * The `fetch` that every package is given: its requests go out through our own client, with our time-outs, our back-pressure and
 * our notes of what was sent and what came back. Which call a request belongs to follows from the asynchronous context.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isJsonObject, type JsonObject } from '../../json.ts';
import {
  type AnswerHead,
  type Exchange,
  failure,
  type UpstreamClient,
  type UpstreamFailure,
  type UpstreamTimeouts,
} from '../../upstream/upstream.ts';

export type PackageFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What the client sets itself. */
const FRAMING = new Set(['host', 'content-length', 'connection', 'accept-encoding', 'transfer-encoding']);
/** As much of a stream is kept for a package that reads slowly. */
const BUFFERED_BYTES = 64 * 1024;
const WITHOUT_BODY = new Set([101, 204, 205, 304]);
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The package would have sent a request with another cap than the one that was held for. */
export class CapNotKept extends Error {
  /** Null: it would have sent none. */
  readonly sentCap: number | null;

  constructor(sentCap: number | null) {
    super('The package does not keep the output cap');
    this.name = 'CapNotKept';
    this.sentCap = sentCap;
  }
}

/** One call's notes, from which its failure can be told whatever the package makes of it. */
export class Outgoing {
  readonly #timeouts: UpstreamTimeouts;
  readonly #maxTokens: number | null;
  readonly #onAnswered: () => void;
  readonly #mustBePublic: true | undefined;
  #exchange: Exchange | null = null;
  #isOver = false;
  #hasAnswered = false;
  wasSent = false;
  /** How the connection failed. */
  failure: UpstreamFailure | null = null;
  /** Of the last answer. */
  head: AnswerHead | null = null;

  constructor(
    timeouts: UpstreamTimeouts,
    maxTokens: number | null,
    onAnswered: () => void,
    mustBePublic?: true,
  ) {
    this.#timeouts = timeouts;
    this.#mustBePublic = mustBePublic;
    this.#maxTokens = maxTokens;
    this.#onAnswered = onAnswered;
  }

  cancel(): void {
    this.#isOver = true;
    this.#exchange?.cancel();
  }

  /** Throws CapNotKept, before anything is sent, for a body that allows more than `maxTokens`. */
  send(
    client: UpstreamClient,
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<Response> {
    if (this.#isOver) throw new Error('The call is over');
    this.#insistOnCap(body);
    return new Promise((resolve, reject) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
      let totalBytes = 0;
      const fail = (reason: UpstreamFailure): void => {
        this.failure = reason;
        const error = new Error(`The connection failed: ${reason.kind}`);
        if (controller === null) reject(error);
        else controller.error(error);
      };
      const exchange = client.send(
        { url, headers, body, timeouts: this.#timeouts, mustBePublic: this.#mustBePublic },
        {
          onHead: (head) => {
            this.head = head;
            if (head.status < 400 && !this.#hasAnswered) {
              this.#hasAnswered = true;
              this.#onAnswered();
            }
            const source = {
              start: (given: ReadableStreamDefaultController<Uint8Array>) => {
                controller = given;
              },
              pull: () => exchange.resume(),
              cancel: () => exchange.cancel(),
            };
            const stream = new ReadableStream(
              source,
              new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES }),
            );
            const body = WITHOUT_BODY.has(head.status) ? null : stream;
            resolve(new Response(body, { status: head.status, headers: answerHeaders(head) }));
          },
          onBytes: (bytes) => {
            totalBytes += this.#timeouts.answerMs === null ? 0 : bytes.byteLength;
            if (totalBytes > MAX_ANSWER_BYTES) {
              exchange.cancel();
              fail(failure('too-large', { hasAnswered: true }));
              return;
            }
            // They are lent for the call alone.
            controller?.enqueue(Uint8Array.from(bytes));
            if ((controller?.desiredSize ?? 1) <= 0) exchange.pause();
          },
          onEnd: () => controller?.close(),
          onFailure: fail,
        },
      );
      this.#exchange = exchange;
      this.wasSent = true;
    });
  }

  #insistOnCap(body: string): void {
    if (this.#maxTokens === null) return;
    const sent = capIn(JSON.parse(body));
    if (sent === null || sent > this.#maxTokens) throw new CapNotKept(sent);
  }
}

const calls = new AsyncLocalStorage<Outgoing>();

/** What a package does inside of `work` is that call's. */
export function asCall<Result>(outgoing: Outgoing, work: () => Result): Result {
  return calls.run(outgoing, work);
}

export function packageFetch(client: UpstreamClient): PackageFetch {
  return async (input, init = {}) => {
    const outgoing = calls.getStore();
    if (outgoing === undefined) throw new Error('A package sent a request outside of a call');
    if (typeof init.body !== 'string') throw new Error('A package sent a body that is no text');
    const url = input instanceof Request ? input.url : String(input);
    const headers: Record<string, string> = {};
    new Headers(init.headers).forEach((value, name) => {
      if (!FRAMING.has(name)) headers[name] = value;
    });
    return outgoing.send(client, url, headers, init.body);
  };
}

const CAPS: readonly (readonly string[])[] = [
  ['max_completion_tokens'],
  ['max_output_tokens'],
  ['max_tokens'],
  ['inferenceConfig', 'maxTokens'],
  ['generationConfig', 'maxOutputTokens'],
];

/** The output cap, wherever vendors have it; null: there is none. */
function capIn(body: unknown): number | null {
  for (const [name = '', inner] of CAPS) {
    const outer: unknown = isJsonObject(body) ? body[name] : undefined;
    const value = inner === undefined ? outer : (outer as JsonObject | undefined)?.[inner];
    if (typeof value === 'number') return value;
  }
  return null;
}

/** Those that packages read of an answer; names that only one vendor has are among them. */
const READ = ['content-type', 'date', 'x-amzn-requestid', 'request-id', 'x-amzn-errortype', 'retry-after'];

function answerHeaders(head: AnswerHead): Headers {
  const headers = new Headers();
  for (const name of READ) {
    const value = head.header(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
