/** Reads back what a journal has on disk, from a byte on, in whichever thread: while it is being written, and behind its owner's back. */
import * as fs from 'node:fs';
import { damagedText } from './damage.ts';
import { type JournalExtent, type JournalPlace, segmentPath } from './extent.ts';
import { RecordView } from './record.ts';

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;

/** Where whoever has read nothing yet begins. */
export const BEGINNING: JournalPlace = { segment: 0, byte: 0 };

/**
 * Shows the records from `from` on, oldest first, until one is answered with false, which counts as read, or all are shown.
 * Gives the place behind the last one that was shown. The view is good until the next one.
 * Throws when a segment cannot be read, or holds what is no record.
 */
export function readRecords(
  extent: JournalExtent,
  from: JournalPlace,
  onRecord: (record: RecordView, segment: number) => boolean,
): JournalPlace {
  let place = from;
  for (const [index, segment] of extent.segments.entries()) {
    if (segment < from.segment) continue;
    const isLast = index === extent.segments.length - 1;
    const byte = segment === from.segment ? from.byte : 0;
    const read = readSegment(
      { path: segmentPath(extent.dir, segment), endByte: isLast ? extent.lastBytes : null },
      byte,
      (record) => onRecord(record, segment),
    );
    place = { segment, byte: read.byte };
    if (read.isStopped) break;
  }
  return place;
}

function readSegment(
  file: { readonly path: string; readonly endByte: number | null },
  from: number,
  onRecord: (record: RecordView) => boolean,
): { byte: number; isStopped: boolean } {
  if (file.endByte !== null && file.endByte <= from) return { byte: from, isStopped: false };
  const fd = fs.openSync(file.path, 'r');
  try {
    const endByte = file.endByte ?? fs.fstatSync(fd).size;
    let bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, endByte - from)));
    let view = new RecordView(bytes);
    let byte = from;
    while (byte < endByte) {
      const length = readFully(fd, bytes, byte, Math.min(bytes.length, endByte - byte));
      let start = 0;
      for (;;) {
        const end = bytes.indexOf(NEWLINE, start);
        if (end === -1 || end >= length) break;
        if (!view.look(start, end)) throw new Error(damagedText(file.path, byte + start));
        start = end + 1;
        if (!onRecord(view)) return { byte: byte + start, isStopped: true };
      }
      byte += start;
      if (start > 0) continue;
      if (length < bytes.length || byte + length >= endByte) throw new Error(damagedText(file.path, byte));
      bytes = Buffer.allocUnsafe(bytes.length * 2);
      view = new RecordView(bytes);
    }
    return { byte, isStopped: false };
  } finally {
    fs.closeSync(fd);
  }
}

/** Fewer than asked for only where the file ends. */
function readFully(fd: number, bytes: Buffer, byte: number, length: number): number {
  let read = 0;
  while (read < length) {
    const more = fs.readSync(fd, bytes, read, length - read, byte + read);
    if (more === 0) break;
    read += more;
  }
  return read;
}
