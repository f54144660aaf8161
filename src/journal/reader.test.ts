import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { JournalPlace } from './extent.ts';
import { Journal } from './journal.ts';
import { BEGINNING, readRecords } from './reader.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-reader-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const open = (segmentBytes = 100_000_000) =>
  Journal.open({ dir, flushedSeq: 0, onFailure: () => {}, segmentBytes });

/** Records from a place on, at most so many, and the place behind them. */
function read(journal: Journal, from: JournalPlace = BEGINNING, most = Number.POSITIVE_INFINITY) {
  const records: [number, string | null][] = [];
  const next = readRecords(journal.extent(), from, (record) => {
    records.push([record.seq, record.text()]);
    return records.length < most;
  });
  return { records, next };
}

describe('what a journal has on disk', () => {
  test('is read as it was written, however it is cut into segments and readings', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 }).map((any) => JSON.stringify(any));
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 9 }),
        async (texts, segmentBytes, most) => {
          fs.rmSync(dir, { recursive: true });
          const journal = open(segmentBytes);
          const found: [number, string | null][] = [];
          let place = BEGINNING;
          for (const [index, each] of texts.entries()) {
            journal.append(each);
            if (index % 3 !== 0) continue;
            await journal.durable();
            const part = read(journal, place, most);
            found.push(...part.records);
            place = part.next;
          }
          await journal.durable();
          for (
            let part = read(journal, place, most);
            part.records.length > 0;
            part = read(journal, part.next, most)
          ) {
            found.push(...part.records);
          }
          await journal.close();
          expect(found).toEqual(texts.map((each, index) => [index + 1, each]));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('ends where the last sync began: what is only written could still be lost', async () => {
    const journal = open();
    journal.append('synced');
    await journal.durable();
    journal.write('written');
    journal.append('waiting');
    expect(read(journal).records).toEqual([[1, 'synced']]);
    await journal.durable();
    expect(read(journal).records.length).toBe(3);
    await journal.close();
  });

  test('is read to the last byte where one record is larger than what is read at a time', async () => {
    const journal = open();
    const texts = ['a'.repeat(3), 'ü'.repeat(700_000), 'c'];
    for (const text of texts) journal.append(text);
    await journal.durable();
    expect(read(journal).records).toEqual(texts.map((text, index) => [index + 1, text]));
    await journal.close();
  });

  test('that was changed meanwhile is told with its file, or by its record, and never taken for another', async () => {
    const journal = open();
    for (const text of ['one', 'two', 'three']) journal.append(text);
    await journal.durable();
    const path = join(dir, fs.readdirSync(dir)[0] ?? '');
    const bytes = fs.readFileSync(path).subarray(0, journal.extent().lastBytes);
    const changed = Buffer.from(bytes);
    changed[bytes.indexOf('two')] = 120;
    fs.writeFileSync(path, changed);
    expect(read(journal).records).toEqual([
      [1, 'one'],
      [2, null],
      [3, 'three'],
    ]);
    fs.writeFileSync(path, bytes.subarray(0, bytes.length - 4));
    expect(() => read(journal)).toThrow(`${path} is damaged behind byte`);
    fs.writeFileSync(path, Buffer.concat([bytes.subarray(0, 20), Buffer.from('\n'), bytes.subarray(21)]));
    expect(() => read(journal)).toThrow(`${path} is damaged behind byte`);
    await journal.close();
  });
});
