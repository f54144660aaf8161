/** What can still be read of a damaged segment, as a segment that a start takes: lost records leave only their numbers. */
import * as fs from 'node:fs';
import { segmentPath, segmentsIn } from './extent.ts';
import { GIVEN_UP, type JournalRecord, RecordBuffer } from './record.ts';
import { readSegment } from './segment.ts';

export interface Salvage {
  readonly path: string;
  /** Records that stay. */
  readonly kept: number;
  /** Records that are lost, as far as their numbers tell: behind the last one that can be read there may have been more. */
  readonly lost: number;
  readonly bytes: Uint8Array;
}

/**
 * One for each damaged segment, oldest first. Changes nothing.
 * @param neededBy the number of the record of the same segment without which a record means nothing; null: it needs none
 */
export function salvageJournal(
  dir: string,
  flushedSeq: number,
  neededBy: (text: string) => number | null,
): Salvage[] {
  const segments = segmentsIn(dir);
  return segments.flatMap((first) => {
    const path = segmentPath(dir, first);
    const bytes = fs.readFileSync(path);
    const { records, behind, rest } = readSegment(bytes, first, flushedSeq);
    if (rest === null || (rest === 'torn' && first === segments.at(-1))) return [];
    // Every record takes some bytes: a higher number is not of this file.
    const own = behind.filter(({ seq }) => seq < first + bytes.length);
    return [{ path, ...withoutLost(first, inOrder(records, own), neededBy) }];
  });
}

/** Puts it in the place of the damaged segment, which is kept beside it; gives the name of that. */
export function replaceSegment({ path, bytes }: Salvage, nowMs: number): string {
  const kept = `${path}.damaged-${nowMs}`;
  fs.copyFileSync(path, kept, fs.constants.COPYFILE_EXCL);
  const fresh = `${path}.salvaged`;
  fs.writeFileSync(fresh, bytes, { mode: 0o600, flush: true });
  fs.renameSync(fresh, path);
  return kept;
}

function inOrder(records: readonly JournalRecord[], behind: readonly JournalRecord[]): JournalRecord[] {
  const ordered = [...records];
  for (const record of behind) if (record.seq > (ordered.at(-1)?.seq ?? 0)) ordered.push(record);
  return ordered;
}

function withoutLost(
  firstSeq: number,
  records: readonly JournalRecord[],
  neededBy: (text: string) => number | null,
): Pick<Salvage, 'kept' | 'lost' | 'bytes'> {
  const buffer = new RecordBuffer();
  const kept = new Set<number>();
  let seq = firstSeq;
  for (const record of records) {
    for (; seq < record.seq; seq += 1) buffer.append({ seq, durableSeq: 0, text: GIVEN_UP });
    const needed = neededBy(record.text);
    const isKept = record.text !== GIVEN_UP && (needed === null || kept.has(needed));
    if (isKept) kept.add(seq);
    buffer.append(isKept ? record : { seq, durableSeq: 0, text: GIVEN_UP });
    seq += 1;
  }
  return { kept: kept.size, lost: seq - firstSeq - kept.size, bytes: Uint8Array.from(buffer.take()) };
}
