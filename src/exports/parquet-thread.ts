/** Generations to Parquet, in a thread of its own. */
import { moduleUrl } from '../program.ts';
import { COLUMNS, type NamedGeneration } from './generation-columns.ts';
import type { ParquetReply, ParquetRequest } from './parquet-protocol.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export class ParquetThread {
  readonly #worker = new Worker(moduleUrl(new URL('./parquet-worker.ts', import.meta.url)));
  /** Of the one request that is on its way. */
  #waiting: PromiseWithResolvers<Bytes> | null = null;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<ParquetReply>) => {
      const waiting = this.#waiting;
      this.#waiting = null;
      if (data.kind === 'bytes') waiting?.resolve(data.bytes);
      else waiting?.reject(new Error(`Parquet: ${data.message}`));
    };
    this.#worker.onerror = ({ message }) => this.#waiting?.reject(new Error(`Parquet: ${message}`));
  }

  begin(): Promise<Bytes> {
    return this.#ask({ kind: 'begin', columns: COLUMNS.map(({ name, kind }) => ({ name, kind })) });
  }

  page(generations: readonly NamedGeneration[]): Promise<Bytes> {
    return this.#ask({ kind: 'page', values: COLUMNS.map(({ value }) => generations.map(value)) });
  }

  end(): Promise<Bytes> {
    return this.#ask({ kind: 'end' });
  }

  /** Also in the middle of it. */
  close(): void {
    this.#worker.terminate();
  }

  #ask(request: ParquetRequest): Promise<Bytes> {
    this.#waiting = Promise.withResolvers<Bytes>();
    this.#worker.postMessage(request);
    return this.#waiting.promise;
  }
}
