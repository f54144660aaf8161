/** An export as the body of an answer: as fast as its reader takes it, and no faster. */
import { createGzip, type Gzip } from 'node:zlib';
import type { ExportSink, Part } from './export.ts';

/** Bun's direct controller: `write` gives a Promise exactly when the socket is full. */
interface DirectController {
  write(bytes: string | Uint8Array): number | Promise<number>;
  flush(): number | Promise<number>;
  close(): void;
}

/** A reader that takes nothing for so long is gone: the snapshot behind it costs everybody something. */
const STALL_MS = 20_000;

export class ReaderLeft extends Error {
  constructor() {
    super('The reader of the export has gone');
    this.name = 'ReaderLeft';
  }
}

export class ExportBody implements ExportSink {
  // The stream of its own body, as in `http/sse.ts`: the Promise of a direct write is Bun's only real backpressure.
  readonly type = 'direct';
  readonly #onBegin: (generations: number, completeFromMs: number | null) => void;
  readonly #gzip: Gzip | null;
  readonly #controller = Promise.withResolvers<DirectController>();
  readonly #done = Promise.withResolvers<void>();
  readonly #left = Promise.withResolvers<never>();

  constructor(options: {
    isGzipped: boolean;
    signal: AbortSignal;
    onBegin: (generations: number, completeFromMs: number | null) => void;
  }) {
    this.#onBegin = options.onBegin;
    this.#gzip = options.isGzipped ? createGzip({ level: 4 }) : null;
    this.#left.promise.catch(() => undefined);
    this.#done.promise.catch(() => undefined);
    options.signal.addEventListener('abort', () => this.cancel(), { once: true });
    if (options.signal.aborted) this.cancel();
  }

  stream(): ReadableStream {
    return new ReadableStream(this as unknown as Bun.DirectUnderlyingSource);
  }

  pull(controller: DirectController): Promise<void> {
    this.#controller.resolve(controller);
    return this.#done.promise;
  }

  cancel(): void {
    this.#left.reject(new ReaderLeft());
  }

  begin(generations: number, completeFromMs: number | null): void {
    this.#onBegin(generations, completeFromMs);
  }

  async write(part: Part): Promise<void> {
    if (this.#gzip === null) await this.#send(part);
    else for (const bytes of await compressedOf(this.#gzip, part, 'more')) await this.#send(bytes);
  }

  async end(): Promise<void> {
    if (this.#gzip !== null)
      for (const bytes of await compressedOf(this.#gzip, '', 'end')) await this.#send(bytes);
    (await this.#controller.promise).close();
    this.#done.resolve();
  }

  /** Bun resets the connection, so that nobody takes half of it for the whole. */
  fail(): void {
    this.#gzip?.destroy();
    this.#done.reject(undefined);
  }

  async #send(bytes: string | Uint8Array): Promise<void> {
    const sent = this.#controller.promise.then(async (controller) => {
      await controller.write(bytes);
      await controller.flush();
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stalled = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ReaderLeft()), STALL_MS);
    });
    try {
      await Promise.race([sent, stalled, this.#left.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What the compressor has ready once it has taken some more, or its end. */
function compressedOf(gzip: Gzip, part: Part, then: 'more' | 'end'): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const ready: Uint8Array[] = [];
    const take = (bytes: Uint8Array) => ready.push(bytes);
    const finish = (error?: Error | null) => {
      gzip.off('data', take);
      gzip.off('error', finish);
      if (error === undefined || error === null) resolve(ready);
      else reject(error);
    };
    gzip.on('data', take);
    gzip.once('error', finish);
    if (then === 'more') gzip.write(part, finish);
    else {
      gzip.once('end', () => finish());
      gzip.end();
    }
  });
}
