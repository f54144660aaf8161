/** One streamed answer on its way through a WebSocket: each event of its frames is a message of its own. */
import type { FrameSink, FrameSource, Watched, WatchLimits } from '../chat/frames.ts';
import type { Socket } from '../chat/socket.ts';

export interface SocketStreamOptions {
  readonly source: FrameSource;
  readonly socket: Socket;
  /** Sent while nothing else comes: comments have no place here. */
  readonly keepAliveFrame: string;
  /** Told of each event, as JSON. */
  readonly onEvent: (json: string) => void;
  /** When the last event was handed over, or the client has left. */
  readonly onEnd: () => void;
}

export class SocketStream implements FrameSink, Watched {
  readonly #options: SocketStreamOptions;
  #lastMoveAt = performance.now();
  /** The client has not taken what was sent last. */
  #isFull = false;
  #hasEnded = false;

  constructor(options: SocketStreamOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.source.start(this);
  }

  write(frames: string): boolean {
    if (this.#hasEnded) return true;
    this.#lastMoveAt = performance.now();
    for (const json of eventsOf(frames)) {
      this.#options.onEvent(json);
      this.#isFull = !this.#options.socket.send(json);
    }
    return !this.#isFull;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd();
  }

  onDrain(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#lastMoveAt = performance.now();
    if (!this.#hasEnded) this.#options.source.resume();
  }

  onTick(nowMs: number, { keepAliveMs, writeStallMs }: WatchLimits): void {
    this.#options.source.onTick(nowMs);
    const quietMs = nowMs - this.#lastMoveAt;
    if (this.#isFull) {
      if (quietMs > writeStallMs) this.#options.socket.terminate();
    } else if (quietMs > keepAliveMs && !this.#hasEnded) this.write(this.#options.keepAliveFrame);
  }

  /** The client left. It counts as running until what it began is settled. */
  async leave(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#options.source.cancel();
    this.#options.onEnd();
  }
}

/** The JSON of each event: no comments, and not the word that ends a stream over HTTP. */
function eventsOf(frames: string): string[] {
  return frames.split('\n\n').flatMap((frame) => {
    const at = frame.indexOf('data: {');
    return at === -1 ? [] : [frame.slice(at + 'data: '.length)];
  });
}
