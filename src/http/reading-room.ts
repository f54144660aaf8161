/** How many bytes of bodies all requests together may have in memory while they are read and parsed. */
import { TurnpikeError } from '../errors.ts';

export class ReadingRoom {
  readonly #maxBytes: number;
  #takenBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Throws 503 with `Retry-After` when so much more would be too much: asked before a body is read, it costs nobody anything. */
  mustFit(bytes: number): void {
    // One body that is larger than all may come when it is alone; its own limit bounds it.
    if (this.#takenBytes === 0 || this.#takenBytes + bytes <= this.#maxBytes) return;
    throw new TurnpikeError('unavailable', {
      message: 'Too much is being sent to this gateway at once; repeat this request in a moment',
      retryAfterSeconds: 1,
      headers: { connection: 'close' },
    });
  }

  /** Counts bytes that have come; give them back with `leave`. */
  enter(bytes: number): void {
    this.mustFit(bytes);
    this.#takenBytes += bytes;
  }

  leave(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}
