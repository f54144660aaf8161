/** A stream whose 200 is out before its provider has begun: a failure can only be its last event now. */

import type { FrameSink, FrameSource } from '../chat/frames.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { toTurnpikeError } from '../errors.ts';

export class LateStream implements FrameSource {
  readonly #earlyKeepAliveFrame: string;
  readonly #coming: Promise<FrameSource>;
  readonly #dialect: Dialect;
  readonly #head: { readonly id: string; readonly created: number };
  #stream: FrameSource | undefined;
  #left = false;

  /** `head`: the generation's id, and its time in Unix seconds. */
  constructor(
    coming: Promise<FrameSource>,
    dialect: Dialect,
    head: { readonly id: string; readonly created: number },
  ) {
    this.#earlyKeepAliveFrame = dialect.earlyKeepAliveFrame;
    this.#coming = coming;
    this.#dialect = dialect;
    this.#head = head;
  }

  get keepAliveFrame(): string {
    return this.#stream?.keepAliveFrame ?? this.#earlyKeepAliveFrame;
  }

  start(sink: FrameSink): void {
    // The head of an answer goes out with its first bytes, and whatever stands in between counts until then.
    sink.write(this.#earlyKeepAliveFrame);
    this.#coming.then(
      (stream) => {
        this.#stream = stream;
        if (!this.#left) stream.start(sink);
      },
      (thrown: unknown) => {
        if (this.#left) return;
        // No model answered.
        const head = { ...this.#head, model: '', provider: null, excludesReasoning: false, remembered: null };
        sink.write(this.#dialect.encoder(head).fail(toTurnpikeError(thrown)));
        sink.end();
      },
    );
  }

  resume(): void {
    this.#stream?.resume();
  }

  onTick(nowMs: number): void {
    this.#stream?.onTick(nowMs);
  }

  /** The request's signal has told the attempt already; what has begun meanwhile is cancelled here. */
  async cancel(): Promise<void> {
    this.#left = true;
    try {
      await (await this.#coming).cancel();
    } catch {
      // It never began: there is nothing to cancel.
    }
  }
}
