/** What lies in the journal, read and not changed: how many records, whether any is damaged, how many the database lacks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecords } from '../journal/record.ts';
import { type Finding, fail, ok, reasonOf, warn } from './finding.ts';

export interface JournalSeen {
  readonly findings: readonly Finding[];
  /** The number of its newest sound record; 0: there is none. */
  readonly newestSeq: number;
}

/** `isRunning`: a gateway writes to it right now, and its newest file may end in half a record. */
export function readJournal(dataDir: string, isRunning: boolean): JournalSeen {
  const dir = join(dataDir, 'journal');
  if (!existsSync(dir)) return { findings: [ok('journal', 'none yet')], newestSeq: 0 };
  const findings: Finding[] = [];
  let newestSeq = 0;
  let records = 0;
  try {
    const names = readdirSync(dir)
      .filter((name) => name.endsWith('.log'))
      .sort();
    for (const name of names) {
      const bytes = readFileSync(join(dir, name));
      const decoded = decodeRecords(bytes);
      records += decoded.records.length;
      newestSeq = Math.max(newestSeq, decoded.records.at(-1)?.seq ?? 0);
      const lost = bytes.length - decoded.soundBytes;
      if (lost === 0 || (isRunning && name === names.at(-1))) continue;
      findings.push(damage(join(dir, name), lost, decoded.soundBytes, name === names.at(-1)));
    }
    if (findings.length === 0)
      findings.push(
        ok(
          'journal',
          `${names.length} ${names.length === 1 ? 'file' : 'files'}, ${records} records, no damage`,
        ),
      );
  } catch (thrown) {
    findings.push(
      fail('journal', reasonOf(thrown), 'make the journal readable for the user that runs the gateway'),
    );
  }
  return { findings, newestSeq };
}

function damage(path: string, lost: number, soundBytes: number, isNewest: boolean): Finding {
  const text = `${path}: ${lost} bytes behind byte ${soundBytes} cannot be read`;
  if (isNewest)
    return warn(
      'journal',
      text,
      'a write that a crash cut off looks so; keep a copy of the file before the next start',
    );
  return fail('journal', text, 'restore the file; see "What happens in each failure" in docs/money.md');
}
