/**
 * The same exchange over `fetch`, for origins that our own connections do not reach: behind a proxy, or with
 * HTTP/2 alone. It costs more (threads to wake, some 18 KiB a stream), and the runtime allows 256 at once unless
 * BUN_CONFIG_MAX_HTTP_REQUESTS, read before its start, says otherwise.
 */
import type { Deadlines, Watched } from '../deadlines.ts';
import { descriptorShortage } from './descriptors.ts';
import {
  type AnswerReader,
  type Exchange,
  failure,
  type UpstreamFailure,
  type UpstreamRequest,
} from './upstream.ts';

export interface FetchRoute {
  readonly deadlines: Deadlines;
  readonly userAgent: string;
  /** True: the origin refuses HTTP/1.1. */
  readonly isHttp2: boolean;
  readonly onDefect: (cause: unknown) => void;
  /** The exchange is over, however it ended. */
  readonly onOver: (exchange: FetchExchange) => void;
}

export class FetchExchange implements Exchange, Watched {
  readonly #reader: AnswerReader;
  readonly #route: FetchRoute;
  readonly #request: UpstreamRequest;
  readonly #abort = new AbortController();
  readonly #answerDueAt: number;
  #silentAt: number;
  #heard = false;
  #hasAnswered = false;
  #isOver = false;
  #isPaused = false;
  #onResumed: (() => void) | null = null;

  constructor(request: UpstreamRequest, reader: AnswerReader, route: FetchRoute) {
    this.#request = request;
    this.#reader = reader;
    this.#route = route;
    const { firstByteMs, answerMs } = request.timeouts;
    this.#silentAt = route.deadlines.after(firstByteMs);
    this.#answerDueAt = answerMs === null ? Number.POSITIVE_INFINITY : route.deadlines.after(answerMs);
    route.deadlines.add(this);
    void this.#run();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#heard = true;
    this.#onResumed?.();
    this.#onResumed = null;
  }

  cancel(): void {
    this.#over();
  }

  /** The client is being closed. */
  shutDown(): void {
    this.#fail(
      failure('closed', { hasAnswered: this.#hasAnswered, cause: new Error('The client was closed') }),
    );
  }

  onSweep(nowMs: number): void {
    if (this.#heard) {
      this.#heard = false;
      if (this.#hasAnswered) this.#silentAt = this.#route.deadlines.after(this.#request.timeouts.idleMs);
    }
    if (nowMs >= this.#answerDueAt) this.#expire('answer');
    else if (nowMs < this.#silentAt) return;
    else if (!this.#hasAnswered) this.#expire('firstByte');
    else if (!this.#isPaused) this.#expire('idle');
  }

  async #run(): Promise<void> {
    // Also what fails at once is told after `send` has returned.
    await Promise.resolve();
    if (this.#isOver) return;
    try {
      const { url, headers, body, method = 'POST' } = this.#request;
      const response = await fetch(url, {
        method,
        headers: { 'user-agent': this.#route.userAgent, ...headers, 'accept-encoding': 'identity' },
        ...(method === 'GET' ? {} : { body }),
        redirect: 'manual',
        signal: this.#abort.signal,
        ...(this.#route.isHttp2 ? { protocol: 'http2' as const } : {}),
      });
      await this.#relay(response);
    } catch (thrown) {
      this.#fail(failureOf(thrown, this.#hasAnswered));
    }
  }

  async #relay(response: Response): Promise<void> {
    if (this.#isOver) return;
    this.#hasAnswered = true;
    this.#heard = true;
    const { status, headers } = response;
    if (!this.#guarded(() => this.#reader.onHead({ status, header: (name) => headers.get(name) }))) return;
    const body = response.body?.getReader();
    while (body !== undefined) {
      if (this.#isPaused) await new Promise<void>((resolve) => (this.#onResumed = resolve));
      const { done, value } = await body.read();
      if (this.#isOver) return;
      if (done) break;
      this.#heard = true;
      if (!this.#guarded(() => this.#reader.onBytes(value))) return;
    }
    if (this.#isOver) return;
    this.#over();
    try {
      this.#reader.onEnd();
    } catch (cause) {
      this.#route.onDefect(cause);
    }
  }

  /** False: the exchange is over, by the reader's own wish or because it threw. */
  #guarded(call: () => void): boolean {
    try {
      call();
    } catch (thrown) {
      this.#route.onDefect(thrown);
      const cause = thrown instanceof Error ? thrown : null;
      this.#fail(failure('closed', { hasAnswered: true, cause }));
    }
    return !this.#isOver;
  }

  #expire(which: 'firstByte' | 'idle' | 'answer'): void {
    this.#fail(failure('timeout', { timeout: which, hasAnswered: this.#hasAnswered }));
  }

  #fail(reason: UpstreamFailure): void {
    if (this.#isOver) return;
    this.#over();
    try {
      this.#reader.onFailure(reason);
    } catch (cause) {
      this.#route.onDefect(cause);
    }
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#route.deadlines.remove(this);
    this.#route.onOver(this);
    this.#onResumed?.();
    // Without effect on an answer that has been read to its end.
    this.#abort.abort();
  }
}

/** By the codes of Bun's `fetch` and of BoringSSL's certificate check. */
function failureOf(thrown: unknown, hasAnswered: boolean): UpstreamFailure {
  const cause = thrown instanceof Error ? thrown : new Error('The request failed', { cause: thrown });
  const code = 'code' in cause ? String(cause.code) : '';
  if (hasAnswered) return failure('closed', { hasAnswered, cause });
  const shortage = descriptorShortage();
  if (shortage !== null) return failure('no-room', { neverSent: true, cause: shortage });
  if (/REFUSED|ENOTFOUND|FailedToOpenSocket|UNREACH|CERT|_SIGNATURE|ConnectionRefused|DNS/i.test(code)) {
    return failure('unreachable', { neverSent: true, cause });
  }
  return failure(/RESET|CLOSED|EPIPE/i.test(code) ? 'closed' : 'unreachable', { cause });
}
