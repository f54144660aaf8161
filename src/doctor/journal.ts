/** What lies in the journal, read and not changed: how many records, whether any is damaged, how many the database lacks. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { segmentPath, segmentsIn } from '../journal/extent.ts';
import { readSegment } from '../journal/segment.ts';
import { type Finding, fail, ok, reasonOf, warn } from './finding.ts';

/**
 * @param isRunning a gateway writes to it right now, and its newest file may end in half a record
 * @param flushedSeq how far the database has it; null: unknown
 */
export function readJournal(dataDir: string, isRunning: boolean, flushedSeq: number | null): Finding[] {
  const dir = join(dataDir, 'journal');
  if (!existsSync(dir)) return [ok('journal', 'none yet')];
  const findings: Finding[] = [];
  let newestSeq = 0;
  let records = 0;
  let files = 0;
  try {
    const segments = segmentsIn(dir);
    files = segments.length;
    for (const first of segments) {
      const path = segmentPath(dir, first);
      const bytes = readFileSync(path);
      const { records: read, soundBytes, rest, restBytes } = readSegment(bytes, first, flushedSeq ?? 0);
      records += read.length;
      newestSeq = first + read.length - 1;
      if (rest === null) continue;
      const isNewest = first === segments.at(-1);
      const lost = { path, bytes: restBytes, soundBytes };
      if (rest === 'damaged' || !isNewest) findings.push(damage(lost));
      else if (!isRunning) findings.push(torn(lost));
    }
    if (findings.length === 0)
      findings.push(
        ok('journal', `${files} ${files === 1 ? 'file' : 'files'}, ${records} records, no damage`),
      );
  } catch (thrown) {
    findings.push(
      fail('journal', reasonOf(thrown), 'make the journal readable for the user that runs the gateway'),
    );
  }
  if (flushedSeq !== null) findings.push(depth(newestSeq, flushedSeq));
  return findings;
}

function depth(newestSeq: number, flushedSeq: number): Finding {
  const behind = newestSeq - flushedSeq;
  if (behind < 0)
    return warn(
      'journal depth',
      `the database has had ${-behind} more records from it than there are in it`,
      'unless another process has run on a copy of this data directory: its newest file is lost or was cut; restore it',
    );
  const text = `${behind} ${behind === 1 ? 'record' : 'records'} behind what the database has`;
  return ok('journal depth', behind === 0 ? text : `${text}: the gateway brings in what is settled`);
}

interface Unreadable {
  readonly path: string;
  readonly bytes: number;
  readonly soundBytes: number;
}

function torn(what: Unreadable): Finding {
  return warn(
    'journal',
    textOf(what),
    'a write that a crash cut off looks so: nobody was told of it, and the next start cuts it off',
  );
}

function damage(what: Unreadable): Finding {
  return fail(
    'journal',
    textOf(what),
    'restore the file; if there is no copy: "turnpike recover damaged-journal" says what is lost',
  );
}

function textOf({ path, bytes, soundBytes }: Unreadable): string {
  return `${path}: ${bytes} bytes behind byte ${soundBytes} cannot be read`;
}
