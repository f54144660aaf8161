import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { rejectionOf } from '../../test/databases.ts';
import { toTurnpikeError } from '../errors.ts';
import { Journal } from './journal.ts';
import { RecordBuffer } from './record.ts';
import { readSegment } from './segment.ts';

let dir: string;
const restores: (() => void)[] = [];

beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-journal-'));
});
afterEach(() => {
  for (const restore of restores.splice(0)) restore();
  fs.chmodSync(dir, 0o700);
  fs.rmSync(dir, { recursive: true, force: true });
});

function open(options: { flushedSeq?: number; segmentBytes?: number; failures?: unknown[] } = {}): Journal {
  const { failures = [], flushedSeq = 0, ...rest } = options;
  return Journal.open({ dir, flushedSeq, onFailure: (cause) => failures.push(cause), ...rest });
}

function encodeRecord(seq: number, json: string): string {
  const buffer = new RecordBuffer();
  buffer.append({ seq, durableSeq: 0, text: json });
  return Buffer.from(buffer.take()).toString();
}

/** Writes of records, without those of the zeros that they are written over. */
const written = (writes: { mock: { calls: unknown[][] } }) =>
  writes.mock.calls.filter(([, bytes]) => bytes instanceof Uint8Array && bytes[0] !== 0);
const recordsIn = (bytes: Uint8Array) => readSegment(bytes, 1, 0).records;
const json = (value: unknown) => JSON.stringify(value);
const files = () => fs.readdirSync(dir).sort();
const lastFile = () => join(dir, files().at(-1) ?? '');
const values = (journal: Journal) => journal.replayed.map((record) => JSON.parse(record.text));

/** What its caller is told is 503; what its operator is. */
async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error = toTurnpikeError(await rejectionOf(promise));
  expect([error.status, error.retryAfterSeconds]).toEqual([503, 1]);
  return error.detail ?? '';
}

describe('Journal', () => {
  test('what is durable is found again, in order, by whoever opens it next', async () => {
    const journal = open();
    for (let n = 1; n <= 5; n += 1) expect(journal.append(json({ n }))).toBe(n);
    await journal.durable();
    const next = open();
    expect(values(next)).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })));
    expect(next.append(json('six'))).toBe(6);
    await next.close();
    await journal.close();
  });

  test('durable resolves only when the record can be read back', async () => {
    const journal = open();
    for (let n = 1; n <= 50; n += 1) {
      journal.append(json({ n }));
      await journal.durable();
      expect(recordsIn(fs.readFileSync(lastFile())).at(-1)?.seq).toBe(n);
    }
    await journal.close();
  });

  test('what arrives during a sync shares the next one', async () => {
    const journal = open();
    const waits = Array.from({ length: 500 }, (_, n) => {
      journal.append(json({ n }));
      return journal.durable();
    });
    await Promise.all(waits);
    expect(journal.depth).toBe(0);
    expect(recordsIn(fs.readFileSync(lastFile())).length).toBe(500);
    await journal.close();
  });

  test('what is still on disk is replayed even when the database holds it, and numbering goes on after both', async () => {
    const journal = open();
    for (let n = 1; n <= 4; n += 1) journal.append(json({ n }));
    await journal.close();
    expect(values(open({ flushedSeq: 3 }))).toEqual([1, 2, 3, 4].map((n) => ({ n })));
    expect(open({ flushedSeq: 90 }).append(json({}))).toBe(91);
  });

  test('segments roll over, and go once the database holds all of them', async () => {
    const journal = open({ segmentBytes: 100 });
    for (let n = 1; n <= 10; n += 1) {
      journal.append(json({ n, padding: 'x'.repeat(60) }));
      await journal.durable();
    }
    expect(files().length).toBeGreaterThan(5);
    const next = open({ segmentBytes: 100 });
    expect(values(next).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    next.trim(7);
    expect(values(open()).map(({ n }) => n)).toEqual(expect.arrayContaining([8, 9, 10]));
    expect(files().every((name) => Number(name.slice(0, 16)) >= 7)).toBe(true);
    next.trim(10);
    expect(files().length).toBe(1);
    await next.close();
    await journal.close();
  });

  test('a segment has room for records that are still to come, which is given back when it is left', async () => {
    const journal = open({ segmentBytes: 1 });
    journal.append(json({ n: 1 }));
    await journal.written();
    const [path, { lastBytes }] = [lastFile(), journal.extent()];
    expect([lastBytes, fs.statSync(path).size]).toEqual([0, 256 * 1024]);
    const open1 = recordsIn(fs.readFileSync(path));
    await journal.durable();
    await Promise.resolve();
    expect(files()).toHaveLength(2);
    expect(fs.readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{8} 1\+1 \{"n":1\}\n$/);
    expect(recordsIn(fs.readFileSync(path))).toEqual(open1);
    journal.append(json({ n: 2 }));
    await journal.close();
    expect(fs.statSync(lastFile()).size).toBeLessThan(100);
  });

  test('records larger than the room, or a disk that has room for them alone, are written all the same', async () => {
    const journal = open();
    const large = 'x'.repeat(600_000);
    journal.append(json(large));
    await journal.durable();
    expect(recordsIn(fs.readFileSync(lastFile())).map(({ text }) => text)).toEqual([json(large)]);
    await journal.close();
    const { writeSync } = fs;
    const full = spyOn(fs, 'writeSync').mockImplementation(((
      fd: number,
      bytes: Uint8Array,
      ...rest: never[]
    ) => {
      if (bytes[0] === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return writeSync(fd, bytes, ...rest);
    }) as typeof fs.writeSync);
    restores.push(() => full.mockRestore());
    const failures: unknown[] = [];
    const tight = open({ failures });
    for (const n of [2, 3]) {
      tight.append(json({ n }));
      await tight.durable();
    }
    expect(recordsIn(fs.readFileSync(lastFile())).map(({ text }) => text)).toEqual([]);
    expect(fs.readFileSync(lastFile(), 'utf8').split('\n')).toHaveLength(3);
    expect(failures).toEqual([]);
    await tight.close();
  });

  test('wherever the last record is torn, those before it are found and the next one is appended behind them', async () => {
    const writer = open();
    for (let n = 1; n <= 3; n += 1) writer.append(json({ n }));
    await writer.close();
    const whole = fs.readFileSync(lastFile());
    const thirdAt = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let cut = thirdAt; cut < whole.length; cut += 1) {
      fs.writeFileSync(lastFile(), whole.subarray(0, cut));
      const torn = open();
      expect(values(torn)).toEqual([{ n: 1 }, { n: 2 }]);
      expect(torn.append(json({ again: true }))).toBe(3);
      await torn.close();
      expect(values(open())).toEqual([{ n: 1 }, { n: 2 }, { again: true }]);
      for (const name of files().slice(1)) fs.rmSync(join(dir, name));
    }
  });

  test('what is cut off is told in bytes, and nothing is when nothing was', async () => {
    const line = encodeRecord(1, '{"n":1}');
    const path = join(dir, '0000000000000001.log');
    const tail = Buffer.from(encodeRecord(2, '{"n":2}')).subarray(0, -1);
    fs.writeFileSync(path, Buffer.concat([Buffer.from(line), tail]));
    const journal = open();
    expect(values(journal)).toEqual([{ n: 1 }]);
    expect(journal.cutOff).toEqual({ path, bytes: tail.length });
    await journal.close();
    for (const room of [0, 1, 4096]) {
      for (const name of files().slice(1)) fs.rmSync(join(dir, name));
      fs.writeFileSync(path, Buffer.concat([Buffer.from(line), Buffer.alloc(room)]));
      const again = open();
      expect([values(again), again.cutOff, fs.statSync(path).size]).toEqual([[{ n: 1 }], null, line.length]);
      await again.close();
    }
  });

  test('a bad record that was on disk, and bytes that no crash leaves, are told with their file, and stay', () => {
    const [one, two, three] = [1, 2, 3].map((n) => encodeRecord(n, `{"n":${n}}`)) as [string, string, string];
    const path = join(dir, '0000000000000001.log');
    const changed = two.replace('"n":2', '"n":7');
    for (const [text, flushedSeq] of [
      [one + changed + three, 0],
      [one + changed, 0],
      [one + three, 0],
      [`${one}${two.slice(0, -1)}x`, 0],
      [one + two.slice(0, -1), 2],
      [`${one}\0\xff\n\r\n`, 0],
    ] as const) {
      fs.writeFileSync(path, text, 'latin1');
      expect(() => open({ flushedSeq })).toThrow(`${path} is damaged behind byte ${one.length}`);
      expect([files(), fs.readFileSync(path, 'latin1')]).toEqual([['0000000000000001.log'], text]);
    }
  });

  test('that ends before what the database has of it says how many records are missing', async () => {
    const journal = open();
    for (let n = 1; n <= 3; n += 1) journal.append(json({ n }));
    await journal.close();
    expect([open({ flushedSeq: 3 }).missing, open({ flushedSeq: 5 }).missing]).toEqual([0, 2]);
  });

  test('damage in a segment that another one follows is told with its file, and nothing is cut away', async () => {
    const journal = open({ segmentBytes: 100 });
    for (let n = 1; n <= 4; n += 1) {
      journal.append(json({ n, padding: 'x'.repeat(60) }));
      await journal.durable();
    }
    await journal.close();
    const first = join(dir, files()[0] ?? '');
    const bytes = fs.readFileSync(first);
    bytes[bytes.length - 10] = 0;
    fs.writeFileSync(first, bytes);
    expect(() => open()).toThrow(`${first} is damaged behind byte`);
    expect(fs.readFileSync(first)).toEqual(bytes);
  });

  test('the torn end of the last segment is cut off, and the rest synced, before another segment follows it', async () => {
    const writer = open();
    writer.append(json({ n: 1 }));
    await writer.close();
    const [torn, sound] = [lastFile(), fs.readFileSync(lastFile())];
    fs.appendFileSync(torn, 'torn');
    const fsync = spyOn(fs, 'fsyncSync');
    const next = open();
    const calls = fsync.mock.calls.length;
    fsync.mockRestore();
    expect(fs.readFileSync(torn)).toEqual(sound);
    // Of the segment, and of the directory that got another one.
    expect(calls).toBe(2);
    expect(files()).toHaveLength(2);
    await next.close();
    const last = open();
    expect(values(last)).toEqual([{ n: 1 }]);
    await last.close();
  });

  test('what is appended in one turn is handed over together at its end, and is there for whoever comes after a crash', async () => {
    const journal = open();
    const writes = spyOn(fs, 'writeSync');
    restores.push(() => writes.mockRestore());
    const syncs = holdSyncs();
    const waits = [1, 2, 3].map((n) => {
      journal.append(json({ n }));
      return journal.written();
    });
    expect(written(writes)).toEqual([]);
    await Promise.all(waits);
    expect(written(writes)).toHaveLength(1);
    expect(syncs.count()).toBe(0);
    const records = recordsIn(fs.readFileSync(lastFile()));
    expect(records.map(({ text }) => text)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    journal.append(json({ n: 4 }));
    await journal.written();
    expect(recordsIn(fs.readFileSync(lastFile()))).toHaveLength(4);
    const closing = journal.close();
    await syncs.next();
    syncs.finish();
    await closing;
  });

  test('what ends in one turn shares one write and one sync', async () => {
    const journal = open();
    const writes = spyOn(fs, 'writeSync');
    restores.push(() => writes.mockRestore());
    const syncs = holdSyncs();
    const end = (n: number) => {
      journal.append(json({ n }));
      return journal.durable();
    };
    const first = end(1);
    // Another request's answer, which had arrived by then.
    const second = Promise.resolve().then(() => end(2));
    const text = await syncs.next();
    syncs.finish();
    await Promise.all([first, second]);
    expect(text).toContain('"n":2');
    expect([written(writes).length, syncs.count()]).toEqual([1, 1]);
    await journal.close();
  });

  test('who waits for the hand-over is refused when the disk fails in the meantime, and the owner is told once', async () => {
    const failures: unknown[] = [];
    const journal = open({ failures });
    journal.append(json({ n: 1 }));
    const waits = [journal.written(), journal.written()];
    closeFiles();
    for (const wait of waits) expect(await refusalOf(wait)).toContain('could not be written');
    expect(await refusalOf(journal.written())).toContain('could not be written');
    expect(failures).toHaveLength(1);
    expect(values(open())).toEqual([]);
  });

  test('who waits for the hand-over is refused when the owner gives up', async () => {
    const journal = open();
    journal.append(json({ n: 1 }));
    const wait = journal.written();
    journal.fail(new Error('taken over'));
    expect(await refusalOf(wait)).toContain('could not be written');
    expect(values(open())).toEqual([]);
  });

  test('a record is durable once its bytes were synced, and not before', async () => {
    const journal = open();
    const syncs = holdSyncs();
    journal.append(json({ n: 1 }));
    let isDurable = false;
    const durable = journal.durable().then(() => {
      isDurable = true;
    });
    expect(await syncs.next()).toContain('"n":1');
    await Bun.sleep(5);
    expect(isDurable).toBe(false);
    syncs.finish();
    await durable;
    await journal.close();
  });

  test('what is written while a sync runs is not part of it', async () => {
    const journal = open();
    const syncs = holdSyncs();
    journal.append(json({ n: 1 }));
    const first = journal.durable();
    await syncs.next();
    journal.write(json({ n: 2 }));
    syncs.finish();
    await first;
    const second = journal.durable();
    expect(await syncs.next()).toContain('"n":2');
    syncs.finish();
    await second;
    await journal.close();
  });

  test('a segment is left only when all of it is synced', async () => {
    const journal = open({ segmentBytes: 1 });
    const left = spyOn(fs, 'fsyncSync');
    const syncs = holdSyncs();
    journal.append(json({ n: 1 }));
    const durable = journal.durable();
    await syncs.next();
    journal.write(json({ n: 2 }));
    syncs.finish();
    await durable;
    await Promise.resolve();
    const calls = left.mock.calls.length;
    left.mockRestore();
    // The segment that is left, and the directory with the next one.
    expect(calls).toBe(2);
    expect(files()).toHaveLength(2);
    expect(journal.depth).toBe(0);
    await journal.close();
  });

  test('what is written and not synced counts as not on disk', async () => {
    const journal = open();
    journal.write(json({ n: 1 }));
    journal.append(json({ n: 2 }));
    expect(journal.depth).toBe(2);
    const syncs = holdSyncs();
    const durable = journal.durable();
    await syncs.next();
    journal.append(json({ n: 3 }));
    expect(journal.depth).toBe(3);
    syncs.finish();
    await durable;
    expect(journal.depth).toBe(1);
    const last = journal.durable();
    await syncs.next();
    syncs.finish();
    await last;
    expect(journal.depth).toBe(0);
    await journal.close();
  });

  test('when the disk fails nothing is acknowledged, nothing more is taken, and the owner is told once', async () => {
    const failures: unknown[] = [];
    const journal = open({ failures });
    journal.append(json({ n: 1 }));
    await journal.durable();
    closeFiles();
    journal.append(json({ n: 2 }));
    const waits = [journal.durable(), journal.durable()];
    for (const wait of waits) expect(await refusalOf(wait)).toContain('could not be written');
    expect(failures.length).toBe(1);
    expect(journal.failed).toBe(true);
    expect(await refusalOf(Promise.try(() => journal.append(json({ n: 3 }))))).toContain(
      'could not be written',
    );
    expect(await refusalOf(journal.durable())).toContain('could not be written');
    expect(values(open())).toEqual([{ n: 1 }]);
  });
});

/** Each sync of the journal waits for `finish`; `next` gives what the segment held when one began. */
function holdSyncs() {
  const begun: string[] = [];
  const finishers: (() => void)[] = [];
  const spy = spyOn(fs, 'fdatasync').mockImplementation(((_: number, done: () => void) => {
    begun.push(fs.readFileSync(lastFile(), 'utf8'));
    finishers.push(done);
  }) as unknown as typeof fs.fdatasync);
  restores.push(() => spy.mockRestore());
  let seen = 0;
  return {
    async next(): Promise<string> {
      for (let waits = 0; begun.length <= seen; waits += 1) {
        if (waits > 2000) throw new Error('no sync began');
        await Bun.sleep(1);
      }
      seen += 1;
      return begun[seen - 1] ?? '';
    },
    finish: () => finishers.shift()?.(),
    count: () => begun.length,
  };
}

/** Takes the descriptors away behind the journal's back, as a vanished disk would. */
function closeFiles(): void {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${name}`).startsWith(dir)) fs.closeSync(Number(name));
    } catch {
      // It was the descriptor of this very listing.
    }
  }
}

describe('records', () => {
  test('any text comes back as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (written) => {
        const text = written.map((value, n) => encodeRecord(n + 1, JSON.stringify(value))).join('');
        const { records, soundBytes } = readSegment(Buffer.from(text), 1, 0);
        expect(records.map((record) => record.text)).toEqual(written.map((value) => JSON.stringify(value)));
        expect(soundBytes).toBe(Buffer.byteLength(text));
      }),
    );
  });
});
