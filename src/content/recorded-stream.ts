/** A streamed answer that is kept: what goes to the client goes into its recording as well, and nothing waits for that. */
import type { FrameSink, FrameSource } from '../chat/frames.ts';
import type { Recording } from './recording.ts';

export class RecordedStream implements FrameSource, FrameSink {
  readonly #source: FrameSource;
  readonly #recording: Recording;
  #sink: FrameSink | undefined;

  constructor(source: FrameSource, recording: Recording) {
    this.#source = source;
    this.#recording = recording;
  }

  get keepAliveFrame(): string {
    return this.#source.keepAliveFrame;
  }

  start(sink: FrameSink): void {
    this.#sink = sink;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  onTick(nowMs: number): void {
    this.#source.onTick(nowMs);
  }

  async cancel(): Promise<void> {
    await this.#source.cancel();
    this.#recording.end();
  }

  write(frames: string): boolean {
    this.#recording.addFrames(frames);
    return this.#sink?.write(frames) ?? true;
  }

  end(): void {
    // First: whoever has the last byte may ask for the content.
    this.#recording.end();
    this.#sink?.end();
  }
}
