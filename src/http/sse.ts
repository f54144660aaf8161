/**
 * A stream of frames as an SSE response. Pulled: nothing is asked of the source before the client's socket has taken what came
 * before, so a slow reader slows the provider and costs no memory.
 */

export interface FrameSource {
  /** Null at the end. Never rejects. */
  next(): Promise<string | null>;
  /** The client left, or took nothing for too long. */
  cancel(): Promise<void>;
}

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

/** Watches all open streams with one timer: keep-alive comments while nothing comes, an end for clients that take nothing. */
export class StreamWatch {
  readonly #open = new Set<Relay>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: { keepAliveMs: number; keepAliveFrame: string; writeStallMs: number }) {
    const tickMs = Math.max(50, Math.min(options.keepAliveMs, options.writeStallMs) / 4);
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const relay of this.#open) relay.check(now, options);
    }, tickMs);
  }

  get openStreams(): number {
    return this.#open.size;
  }

  respond(source: FrameSource, { headers, signal, onEnd }: StreamOptions): Response {
    const relay = new Relay(source, signal, () => {
      this.#open.delete(relay);
      onEnd();
    });
    this.#open.add(relay);
    return new Response(relay.body(), { headers: { ...SSE_HEADERS, ...headers } });
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

class Relay {
  readonly #source: FrameSource;
  readonly #onEnd: () => void;
  #controller: DirectController | undefined;
  #lastWriteAt = performance.now();
  /** Set while the client's socket is full; settled early when the client is given up. */
  #blocked: PromiseWithResolvers<void> | undefined;
  #ended = false;

  constructor(source: FrameSource, signal: AbortSignal, onEnd: () => void) {
    this.#source = source;
    this.#onEnd = onEnd;
    signal.addEventListener('abort', () => this.#leave(), { once: true });
    if (signal.aborted) queueMicrotask(() => this.#leave());
  }

  body(): ReadableStream {
    // Measured: of Bun's stream forms the direct one costs least a chunk; `await write` is its only real backpressure.
    const underlying = {
      type: 'direct' as const,
      pull: (controller: DirectController) => this.#run(controller),
      cancel: () => this.#leave(),
    };
    return new ReadableStream(underlying as unknown as Bun.DirectUnderlyingSource);
  }

  check(now: number, limits: { keepAliveMs: number; keepAliveFrame: string; writeStallMs: number }): void {
    const quietMs = now - this.#lastWriteAt;
    if (this.#blocked !== undefined) {
      if (quietMs > limits.writeStallMs) this.#giveUp(this.#blocked);
    } else if (quietMs > limits.keepAliveMs && this.#controller !== undefined && !this.#ended) {
      this.#lastWriteAt = now;
      void this.#controller.write(limits.keepAliveFrame);
      void this.#controller.flush();
    }
  }

  async #run(controller: DirectController): Promise<void> {
    this.#controller = controller;
    while (!this.#ended) {
      const frames = await this.#source.next();
      if (frames === null) break;
      await this.#write(controller, frames);
    }
    if (!this.#ended) {
      this.#ended = true;
      this.#onEnd();
    }
    controller.close();
  }

  async #write(controller: DirectController, frames: string): Promise<void> {
    this.#lastWriteAt = performance.now();
    const written = controller.write(frames);
    if (typeof written === 'number') {
      void controller.flush();
      return;
    }
    this.#blocked = Promise.withResolvers();
    await Promise.race([written, this.#blocked.promise]);
    this.#blocked = undefined;
  }

  /**
   * The idle timeout is lifted, so nothing else would ever close this connection. A body that fails makes Bun reset it, and
   * one that fails with `undefined` does so without a line on standard error.
   */
  #giveUp(blocked: PromiseWithResolvers<void>): void {
    void this.#leave();
    blocked.reject(undefined);
  }

  async #leave(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // It counts as open until it is settled, so that whoever waits for the last stream waits for that too.
    await this.#source.cancel();
    this.#onEnd();
  }
}
