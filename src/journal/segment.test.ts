import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Journal } from './journal.ts';
import { RecordBuffer } from './record.ts';
import { readSegment } from './segment.ts';

const NAME = '0000000000000001.log';
const SECTOR_BYTES = 512;

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'turnpike-segment-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** What a start makes of a journal with these bytes: its texts, or null where it refuses and leaves all as it is. */
function started(bytes: Uint8Array, flushedSeq = 0): { texts: string[]; cutBytes: number } | null {
  const dir = fs.mkdtempSync(join(root, 'journal-'));
  fs.writeFileSync(join(dir, NAME), bytes);
  try {
    const { replayed, cutOff } = Journal.open({ dir, flushedSeq, onFailure: () => {} });
    return { texts: replayed.map(({ text }) => text), cutBytes: cutOff?.bytes ?? 0 };
  } catch (thrown) {
    expect(String(thrown)).toContain('is damaged behind byte');
    expect(fs.readdirSync(dir)).toEqual([NAME]);
    expect(fs.readFileSync(join(dir, NAME))).toEqual(Buffer.from(bytes));
    return null;
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** A journal as this version writes it, synced behind each record, and as an earlier one did. */
async function journals(texts: readonly string[]): Promise<{ name: string; bytes: Buffer }[]> {
  const dir = fs.mkdtempSync(join(root, 'written-'));
  const journal = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
  for (const text of texts) {
    journal.append(text);
    await journal.durable();
  }
  await journal.close();
  const earlier = texts.map((text, index) => {
    const payload = `${index + 1} ${text}`;
    return `${Bun.hash.crc32(payload).toString(16).padStart(8, '0')} ${payload}\n`;
  });
  return [
    { name: 'present', bytes: fs.readFileSync(join(dir, NAME)) },
    { name: 'earlier', bytes: Buffer.from(earlier.join('')) },
  ];
}

describe('a small journal', () => {
  const texts = ['h\t1\tone', 's\t1\tone', 'h\t1\tzwölf', 's\t1\tzwölf'];

  test('in whichever byte it is changed, and to what, a start refuses and leaves it as it is', async () => {
    for (const { name, bytes } of await journals(texts)) {
      expect(started(bytes)).toEqual({ texts, cutBytes: 0 });
      for (let at = 0; at < bytes.length; at += 1) {
        const changes = [0, 10, 32, 43, 48, 255, (bytes[at] ?? 0) ^ 1, (bytes[at] ?? 0) ^ 32];
        for (const changed of changes.filter((value) => value !== bytes[at])) {
          const damaged = Buffer.from(bytes);
          damaged[at] = changed;
          expect([name, at, changed, started(damaged)]).toEqual([name, at, changed, null]);
        }
      }
    }
  });

  test('from which any one byte is missing, or in which one is too much, is refused, but for the last line break', async () => {
    for (const { bytes } of await journals(texts)) {
      for (let at = 0; at < bytes.length - 1; at += 1) {
        const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        expect([at, started(without)]).toEqual([at, null]);
        const more = Buffer.concat([bytes.subarray(0, at), Buffer.from('x'), bytes.subarray(at)]);
        expect([at, started(more)]).toEqual([at, null]);
      }
    }
  });

  test('wherever it ends, what stands before is kept and the torn rest is cut, unless the database has had that', async () => {
    for (const { bytes } of await journals(texts)) {
      for (let length = 0; length <= bytes.length; length += 1) {
        const kept = bytes.subarray(0, length);
        const whole = kept.filter((byte) => byte === 10).length;
        const tornBytes = length - (kept.lastIndexOf(10) + 1);
        for (const flushedSeq of [0, 2]) {
          const isRefused = tornBytes > 0 && whole < flushedSeq;
          expect([length, started(kept, flushedSeq)]).toEqual([
            length,
            isRefused ? null : { texts: texts.slice(0, whole), cutBytes: tornBytes },
          ]);
        }
      }
    }
  });
});

interface Crash {
  readonly bytes: Uint8Array;
  readonly texts: readonly string[];
  /** What was on disk. */
  readonly durable: { readonly seq: number; readonly bytes: number };
  /** What any record that was written says was on disk. */
  readonly toldSeq: number;
}

/** Batches that were written one after the other and synced now and then, and what a power cut leaves of them. */
const crash: fc.Arbitrary<Crash> = fc
  .record({
    batches: fc.array(
      fc.record({
        texts: fc.array(
          fc.string({ unit: 'grapheme', maxLength: 300 }).map((any) => JSON.stringify(any)),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        isSynced: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    sectors: fc.infiniteStream(fc.constantFrom('written', 'lost', 'earlier')),
    length: fc.double({ min: 0, max: 1, noNaN: true }),
    /** Of zeros that were on disk before; without any, the file ends where the power cut left its length. */
    roomBytes: fc.constantFrom(0, 1, 700, 5000),
  })
  .map(({ batches, sectors, length, roomBytes }) => {
    const buffer = new RecordBuffer();
    const parts: Buffer[] = [];
    const ends: number[] = [];
    let [seq, size, toldSeq] = [0, 0, 0];
    let durable = { seq: 0, bytes: 0 };
    for (const { texts, isSynced } of batches) {
      for (const text of texts) {
        seq += 1;
        toldSeq = durable.seq;
        buffer.append({ seq, durableSeq: durable.seq, text });
      }
      const part = Buffer.from(buffer.take());
      parts.push(part);
      size += part.length;
      ends.push(size);
      if (isSynced) durable = { seq, bytes: size };
    }
    const written = Buffer.concat(parts);
    const left = Buffer.from(written);
    for (let at = durable.bytes - (durable.bytes % SECTOR_BYTES); at < size; at += SECTOR_BYTES) {
      const fate = sectors.next().value;
      const end = Math.min(size, at + SECTOR_BYTES);
      // As it was written out with an earlier batch, before the next one filled it further.
      const earlier = ends.find((each) => each >= durable.bytes && each > at) ?? at;
      const keptTo = fate === 'written' ? end : fate === 'earlier' ? Math.min(earlier, end) : at;
      left.fill(0, Math.max(keptTo, durable.bytes), Math.max(end, durable.bytes));
    }
    const cut = durable.bytes + Math.round(length * (size - durable.bytes));
    const texts = batches.flatMap((batch) => batch.texts);
    const bytes = roomBytes === 0 ? left.subarray(0, cut) : Buffer.concat([left, Buffer.alloc(roomBytes)]);
    return { bytes, texts, durable, toldSeq };
  });

describe('what a power cut leaves', () => {
  test('is never taken for damage, and holds all that was on disk, whichever sectors behind that arrived', () => {
    fc.assert(
      fc.property(crash, fc.nat(100), ({ bytes, texts, durable }, flushed) => {
        const flushedSeq = Math.min(flushed, durable.seq);
        const { records, rest } = readSegment(bytes, 1, flushedSeq);
        expect(rest).not.toBe('damaged');
        expect(records.length).toBeGreaterThanOrEqual(durable.seq);
        expect(records.map(({ text }) => text)).toEqual(texts.slice(0, records.length));
      }),
      { numRuns: 2000 },
    );
  });

  test('and was damaged before a record that tells of it, by a byte or by zeros, is told from it', () => {
    let damages = 0;
    fc.assert(
      fc.property(crash, fc.nat(), fc.boolean(), ({ bytes, durable, toldSeq }, place, isZeroed) => {
        const { records } = readSegment(bytes, 1, 0);
        // Only what is told by a record that is left.
        const told = Math.max(0, ...records.map(({ durableSeq }) => durableSeq));
        if (told === 0 || toldSeq === 0) return;
        const damaged = Buffer.from(bytes);
        const toldBytes = endOf(bytes, told);
        const at = place % toldBytes;
        if (isZeroed) damaged.fill(0, at, Math.min(toldBytes, at + SECTOR_BYTES));
        else damaged[at] = (damaged[at] ?? 0) ^ 1;
        if (!isTold(damaged, toldBytes, told)) return;
        damages += 1;
        expect(toldBytes).toBeLessThanOrEqual(durable.bytes);
        expect(readSegment(damaged, 1, 0).rest).toBe('damaged');
      }),
      { numRuns: 2000 },
    );
    expect(damages).toBeGreaterThan(200);
  });
});

/** Where a record ends. */
function endOf(bytes: Uint8Array, seq: number): number {
  let end = 0;
  for (let record = 0; record < seq; record += 1) end = bytes.indexOf(10, end) + 1;
  return end;
}

/** The record behind the damage says that `told` was on disk, and its line begins where it did. */
function isTold(bytes: Uint8Array, from: number, told: number): boolean {
  const behind = readSegment(bytes.subarray(from), told + 1, 0).records;
  return behind.some(({ durableSeq }) => durableSeq >= told) && bytes[from - 1] === 10;
}
