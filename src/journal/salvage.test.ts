import { afterEach, beforeEach, expect, test } from 'bun:test';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from './journal.ts';
import { replaceSegment, salvageJournal } from './salvage.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'turnpike-salvage-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const open = (flushedSeq = 0, segmentBytes = 1_000_000) =>
  Journal.open({ dir, flushedSeq, onFailure: () => {}, segmentBytes });
const texts = (journal: Journal) => journal.replayed.map(({ seq, text }) => [seq, text]);
/** A text that names a number means nothing without that record. */
const neededBy = (text: string) => Number(/^needs (\d+)/.exec(text)?.[1] ?? 0) || null;

async function written(...each: string[]): Promise<string> {
  const journal = open();
  for (const text of each) {
    journal.append(text);
    await journal.durable();
  }
  await journal.close();
  return join(dir, fs.readdirSync(dir)[0] ?? '');
}

function damage(path: string, text: string): Buffer {
  const bytes = fs.readFileSync(path);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(path, bytes);
  return bytes;
}

test('what can be read stays under its number, what needed a lost record goes with it, and numbering goes on', async () => {
  const path = await written('one', 'two', 'needs 2', 'four', 'needs 1', 'needs 3', 'seven');
  const damaged = damage(path, 'two');
  expect(() => open()).toThrow('is damaged');
  const [found, ...others] = salvageJournal(dir, 0, neededBy);
  if (found === undefined) throw new Error('nothing was found');
  expect([others, found.kept, found.lost]).toEqual([[], 4, 3]);
  expect(fs.readFileSync(path).equals(damaged)).toBe(true);
  expect(fs.readFileSync(replaceSegment(found, 1)).equals(damaged)).toBe(true);
  const journal = open();
  expect(texts(journal)).toEqual([
    [1, 'one'],
    [4, 'four'],
    [5, 'needs 1'],
    [7, 'seven'],
  ]);
  expect(journal.append('next')).toBe(8);
  await journal.close();
  expect(salvageJournal(dir, 0, neededBy)).toEqual([]);
});

test('a lost end that the database has had is cut, and numbers are not given again', async () => {
  const path = await written('one', 'two', 'three');
  fs.truncateSync(path, fs.statSync(path).size - 3);
  expect(() => open(3)).toThrow('is damaged');
  for (const found of salvageJournal(dir, 3, neededBy)) replaceSegment(found, 1);
  const journal = open(3);
  expect(texts(journal)).toEqual([
    [1, 'one'],
    [2, 'two'],
  ]);
  expect(journal.append('next')).toBe(4);
  await journal.close();
});

test('the torn end of a crash is no damage, and a line of another file takes no room', async () => {
  const path = await written('one', 'two', 'three');
  const whole = fs.readFileSync(path);
  fs.truncateSync(path, whole.length - 3);
  expect(salvageJournal(dir, 0, neededBy)).toEqual([]);
  const payload = '9007199254740000+1 strange';
  const line = `${Bun.hash.crc32(payload).toString(16).padStart(8, '0')} ${payload}\n`;
  fs.writeFileSync(path, Buffer.concat([whole, Buffer.from(line)]));
  expect(salvageJournal(dir, 0, neededBy)).toMatchObject([{ kept: 3, lost: 0 }]);
});
