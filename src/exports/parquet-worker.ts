/** The thread that makes Parquet: a row takes some 25 µs, and no stream may wait for the half second that a row group takes. */
import { ParquetFile } from './parquet-file.ts';
import type { ParquetReply, ParquetRequest } from './parquet-protocol.ts';

declare const self: Worker;

let file: ParquetFile | null = null;

function answer(request: ParquetRequest): Uint8Array<ArrayBuffer> {
  if (request.kind === 'begin') {
    file = new ParquetFile(request.columns);
    return file.taken();
  }
  if (file === null) throw new Error('nothing was begun');
  return request.kind === 'page' ? file.add(request.values) : file.end();
}

self.onmessage = ({ data }: MessageEvent<ParquetRequest>) => {
  try {
    const bytes = answer(data);
    self.postMessage({ kind: 'bytes', bytes } satisfies ParquetReply, [bytes.buffer]);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    self.postMessage({ kind: 'failed', message } satisfies ParquetReply);
  }
};
