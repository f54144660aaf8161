/**
 * A stream of frames as an SSE response. Pushed: whoever has frames writes them, in the turn in which they came. When the client's
 * socket is full its source is told to wait, so a slow reader slows the provider and costs no memory.
 */

import type { FrameSink, FrameSource, Watched, WatchLimits } from '../chat/frames.ts';

export const SSE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // Asks nginx and its kind not to gather the frames.
  'x-accel-buffering': 'no',
};

export interface StreamOptions {
  readonly headers: Record<string, string>;
  /** Tells that the client left, also before the first frame was asked for. */
  readonly signal: AbortSignal;
  /** Called when the last frame was handed over, or the client has left. */
  readonly onEnd: () => void;
}

const MOST_TICK_MS = 1000;

/** Watches all open streams with one timer: keep-alive comments while nothing comes, an end for clients that take nothing. */
export class StreamWatch {
  readonly #open = new Set<Watched>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(limits: WatchLimits) {
    const tickMs = Math.min(
      MOST_TICK_MS,
      Math.max(50, Math.min(limits.keepAliveMs, limits.writeStallMs) / 8),
    );
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const relay of this.#open) relay.onTick(now, limits);
    }, tickMs);
  }

  get openStreams(): number {
    return this.#open.size;
  }

  respond(source: FrameSource, { headers, signal, onEnd }: StreamOptions): Response {
    const relay = new Relay(source, signal, this.#open, onEnd);
    this.#open.add(relay);
    return new Response(relay.body(), { headers: { ...SSE_HEADERS, ...headers } });
  }

  /** Counts as a stream until what it gives is called. */
  watch(answer: Watched): () => void {
    this.#open.add(answer);
    return () => this.#open.delete(answer);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Bun's direct controller: `write` gives a Promise exactly when the socket is full. */
interface DirectController {
  write(text: string): number | Promise<number>;
  flush(): number | Promise<number>;
  close(): void;
}

/** The stream of its own body, too: each closure that is spared makes each open stream smaller. */
class Relay implements FrameSink {
  // Measured: of Bun's stream forms the direct one costs least a chunk; the Promise of `write` is its only real backpressure.
  readonly type = 'direct';
  readonly #source: FrameSource;
  readonly #open: Set<Watched>;
  readonly #onEnd: () => void;
  #controller: DirectController | undefined;
  /** What `pull` waits for; a body that fails makes Bun reset the connection. */
  #running: PromiseWithResolvers<void> | undefined;
  /** Something was written or taken since the last tick: that no write reads a clock keeps a chunk cheap. */
  #hasMoved = false;
  #lastMoveAt = performance.now();
  /** The client's socket is full. */
  #isBlocked = false;
  #ended = false;

  constructor(source: FrameSource, signal: AbortSignal, open: Set<Watched>, onEnd: () => void) {
    this.#source = source;
    this.#open = open;
    this.#onEnd = onEnd;
    signal.addEventListener('abort', () => this.#leave(), { once: true });
    if (signal.aborted) queueMicrotask(() => this.#leave());
  }

  body(): ReadableStream {
    return new ReadableStream(this as unknown as Bun.DirectUnderlyingSource);
  }

  pull(controller: DirectController): Promise<void> | undefined {
    if (this.#ended) {
      controller.close();
      return;
    }
    this.#controller = controller;
    this.#running = Promise.withResolvers();
    this.#source.start(this);
    return this.#running.promise;
  }

  cancel(): Promise<void> {
    return this.#leave();
  }

  onTick(now: number, limits: WatchLimits): void {
    this.#source.onTick(now);
    if (this.#hasMoved) {
      this.#hasMoved = false;
      this.#lastMoveAt = now;
    }
    const quietMs = now - this.#lastMoveAt;
    if (this.#isBlocked) {
      if (quietMs > limits.writeStallMs) this.#giveUp();
    } else if (quietMs > limits.keepAliveMs && this.#controller !== undefined && !this.#ended) {
      this.write(this.#source.keepAliveFrame);
    }
  }

  write(frames: string): boolean {
    if (this.#ended || this.#controller === undefined) return true;
    this.#hasMoved = true;
    const written = this.#controller.write(frames);
    if (typeof written === 'number') {
      void this.#controller.flush();
      return !this.#isBlocked;
    }
    void this.#waitFor(written);
    return false;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller?.close();
    this.#running?.resolve();
    this.#open.delete(this);
    this.#onEnd();
  }

  async #waitFor(written: Promise<number>): Promise<void> {
    this.#isBlocked = true;
    await written.catch(() => undefined);
    this.#isBlocked = false;
    this.#hasMoved = true;
    if (!this.#ended) this.#source.resume();
  }

  /**
   * The idle timeout is lifted, so nothing else would ever close this connection. A body that fails makes Bun reset it, and
   * one that fails with `undefined` does so without a line on standard error.
   */
  #giveUp(): void {
    void this.#leave();
    this.#running?.reject(undefined);
  }

  async #leave(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // It counts as open until it is settled, so that whoever waits for the last stream waits for that too.
    await this.#source.cancel();
    this.#open.delete(this);
    this.#onEnd();
  }
}
