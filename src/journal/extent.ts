/** Where a journal's records stand: in segments, files named by the number of their first record. */
import * as fs from 'node:fs';
import { join } from 'node:path';

const SEGMENT_NAME = /^(\d{16})\.log$/;

/** The part of a journal that is on disk. Plain data, so that another thread can read it. */
export interface JournalExtent {
  readonly dir: string;
  /** The number of the first record of each segment, oldest first. */
  readonly segments: readonly number[];
  /** How much of the last segment; of the others all. */
  readonly lastBytes: number;
}

/** A byte of a segment. */
export interface JournalPlace {
  readonly segment: number;
  readonly byte: number;
}

export function segmentsIn(dir: string): number[] {
  return fs
    .readdirSync(dir)
    .map((name) => SEGMENT_NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function segmentPath(dir: string, firstSeq: number): string {
  return join(dir, `${String(firstSeq).padStart(16, '0')}.log`);
}
