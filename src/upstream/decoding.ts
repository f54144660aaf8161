/**
 * Answers that come compressed although none was asked for: some providers do it all the same. They are inflated as they come,
 * so that a stream stays one, and with backpressure, so that a small answer cannot become a large heap.
 */
import {
  type BrotliDecompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type Gunzip,
  type Inflate,
  type InflateRaw,
  type ZstdDecompress,
} from 'node:zlib';
import { MalformedAnswer } from './malformed-answer.ts';

type Inflater = BrotliDecompress | Gunzip | Inflate | InflateRaw | ZstdDecompress;

export interface DecodingSink {
  onBytes(bytes: Uint8Array): void;
  /** No more should be written until `onDrained`. */
  onFull(): void;
  onDrained(): void;
  onEnd(): void;
  onFailure(cause: Error): void;
}

export class Decoding {
  readonly #coding: string;
  readonly #sink: DecodingSink;
  #inflater: Inflater | null = null;
  #isPaused = false;
  #isFull = false;
  #isCancelled = false;

  /** Null for `identity`. Throws MalformedAnswer for codings that are not known, and for several at once. */
  static of(contentEncoding: string, sink: DecodingSink): Decoding | null {
    const coding = contentEncoding.toLowerCase();
    if (coding === '' || coding === 'identity') return null;
    if (!['gzip', 'x-gzip', 'deflate', 'br', 'zstd'].includes(coding)) {
      throw new MalformedAnswer('The content coding is none that was asked for');
    }
    return new Decoding(coding, sink);
  }

  private constructor(coding: string, sink: DecodingSink) {
    this.#coding = coding;
    this.#sink = sink;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Copies the bytes. */
  write(bytes: Uint8Array): void {
    if (this.#isCancelled || bytes.length === 0) return;
    this.#inflater ??= this.#open(bytes[0] ?? 0);
    if (this.#inflater.write(Buffer.from(bytes)) || this.#isFull) return;
    this.#isFull = true;
    this.#sink.onFull();
  }

  end(): void {
    if (this.#isCancelled) return;
    // An answer without a body has nothing to inflate, whatever its coding.
    if (this.#inflater === null) this.#sink.onEnd();
    else this.#inflater.end();
  }

  pause(): void {
    this.#isPaused = true;
    this.#inflater?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#inflater?.resume();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#inflater?.destroy();
  }

  #open(firstByte: number): Inflater {
    const inflater = inflaterOf(this.#coding, firstByte);
    inflater.on('data', (bytes: Buffer) => {
      if (!this.#isCancelled) this.#sink.onBytes(bytes);
    });
    inflater.on('drain', () => {
      this.#isFull = false;
      if (!this.#isCancelled) this.#sink.onDrained();
    });
    inflater.on('end', () => {
      if (!this.#isCancelled) this.#sink.onEnd();
    });
    inflater.on('error', (cause: Error) => {
      if (!this.#isCancelled) this.#sink.onFailure(cause);
    });
    if (this.#isPaused) inflater.pause();
    return inflater;
  }
}

/** Each event of a stream is flushed by its provider; these make it come out at once. */
function inflaterOf(coding: string, firstByte: number): Inflater {
  if (coding === 'br') return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
  if (coding === 'zstd') return createZstdDecompress();
  const options = { flush: constants.Z_SYNC_FLUSH };
  if (coding !== 'deflate') return createGunzip(options);
  // Some send it without the zlib wrapper that the name means; a wrapper's first byte names method 8.
  return (firstByte & 0x0f) === 8 ? createInflate(options) : createInflateRaw(options);
}
