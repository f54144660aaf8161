/**
 * What the bytes of a segment hold, and whether what cannot be read in them is the torn end that a crash leaves, or damage.
 *
 * A crash takes away only what was not on disk yet, which nobody was told of. A killed process leaves the first part of a line at
 * the end. A power cut takes away any of the sectors that were written since the last sync, for they reach the disk in any order: zeros
 * stand in their place, and sound records may follow. All else is damage: what was on disk, as the records behind it and the
 * database tell, and bytes that no crash leaves.
 */
import { decodeLine, type JournalRecord } from './record.ts';

const NEWLINE = 10;
/** The least that a disk writes at once. */
const SECTOR_BYTES = 512;

export interface Segment {
  /** Up to the first place that cannot be read. */
  readonly records: readonly JournalRecord[];
  /** How many bytes they take. */
  readonly soundBytes: number;
  /** Sound ones behind that place. */
  readonly behind: readonly JournalRecord[];
  /** What stands at that place; null: there is none. */
  readonly rest: 'torn' | 'damaged' | null;
  /** How many bytes it takes, without the room behind it. */
  readonly restBytes: number;
}

/**
 * @param file zeros at its end are room for records that were not written
 * @param firstSeq the segment's name: its records count from there without a gap
 * @param flushedSeq the newest record that the database has, so that was on disk
 */
export function readSegment(file: Uint8Array, firstSeq: number, flushedSeq: number): Segment {
  const bytes = withoutRoom(file);
  const records: JournalRecord[] = [];
  let soundBytes = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, soundBytes);
    const record = end === -1 ? null : decodeLine(bytes.subarray(soundBytes, end));
    if (record?.seq !== firstSeq + records.length) break;
    records.push(record);
    soundBytes = end + 1;
  }
  if (soundBytes === bytes.length) return { records, soundBytes, behind: [], rest: null, restBytes: 0 };
  const behind = soundRecords(bytes.subarray(soundBytes));
  const durableSeq = [...records, ...behind].reduce(
    (most, each) => Math.max(most, each.durableSeq),
    flushedSeq,
  );
  const wasOnDisk = firstSeq + records.length <= durableSeq;
  const rest = wasOnDisk || !looksTorn(bytes, soundBytes, file.length > bytes.length) ? 'damaged' : 'torn';
  return { records, soundBytes, behind, rest, restBytes: bytes.length - soundBytes };
}

function withoutRoom(file: Uint8Array): Uint8Array {
  let end = file.length;
  while (end > 0 && file[end - 1] === 0) end -= 1;
  return file.subarray(0, end);
}

/** Those that can be read among lines that cannot. */
function soundRecords(bytes: Uint8Array): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let start = 0, end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    const line = bytes.subarray(start, end);
    // Where a sector is lost, the next line may stand behind its zeros.
    const record = decodeLine(line) ?? decodeLine(line.subarray(line.lastIndexOf(0) + 1));
    if (record !== null) records.push(record);
    start = end + 1;
  }
  return records;
}

/** Whether a crash may have left what stands at `from`, where the next record should begin. `hasRoom`: zeros follow the bytes. */
function looksTorn(bytes: Uint8Array, from: number, hasRoom: boolean): boolean {
  const newline = bytes.indexOf(NEWLINE, from);
  const isLast = newline === -1;
  const end = isLast ? bytes.length : newline;
  // A whole record: its number is wrong, or it is the line break behind it that was changed.
  if (decodeLine(bytes.subarray(from, isLast ? end - 1 : end)) !== null) return false;
  // Where there was room, a line that lacks its end lacks it from the beginning of a sector on.
  if (isLast && (!hasRoom || end % SECTOR_BYTES === 0)) return true;
  return lacksSector(bytes, from, end);
}

/** Zeros up to the end of a sector, from where one begins or, as records are written whole, from where the line does. */
function lacksSector(bytes: Uint8Array, from: number, end: number): boolean {
  for (let zero = bytes.indexOf(0, from); zero !== -1 && zero < end; ) {
    let next = zero;
    while (bytes[next] === 0) next += 1;
    if ((zero === from || zero % SECTOR_BYTES === 0) && next % SECTOR_BYTES === 0) return true;
    zero = bytes.indexOf(0, next);
  }
  return false;
}
