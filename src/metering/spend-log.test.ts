import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generationOf, rowsIn, split } from '../../test/generations.ts';
import { Journal } from '../journal/journal.ts';
import type { GenerationStart } from './generation.ts';
import { SpendLog } from './spend-log.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const SCOPES = [['key', 'k']] as const;
const { start: SENT, end: END } = split(generationOf());

let dir: string;
const opened: Journal[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'turnpike-spend-log-'));
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  rmSync(dir, { recursive: true, force: true });
});

/** As the next process would open it. The one before may still be there: it was killed, not closed. */
function open(segmentBytes = 1_000_000, flushedSeq = 0) {
  const journal = Journal.open({ dir, flushedSeq, onFailure: () => {}, segmentBytes });
  opened.push(journal);
  return { log: new SpendLog(journal), journal };
}

function startOf(id: string, provider = 'one'): GenerationStart {
  return { ...SENT, id, provider_slug: provider };
}

/** What a process that starts now would bring in. */
async function recovered({ flushedSeq = 0, stored = [] as string[] } = {}) {
  const { log, journal } = open(1_000_000, flushedSeq);
  const { unflushed, stale, orphans } = await log.recover(flushedSeq, NOW_MS, async () => new Set(stored));
  await journal.durable();
  // What the flusher would write is these, and nothing else.
  const written = rowsIn(journal, flushedSeq, stale);
  expect([...written.keys()]).toEqual(unflushed.map(({ id }) => id));
  const rows = [...written.values()].map((row) => [row['id'], row['provider_slug'], row['cost_nano_usd']]);
  return { rows, orphans };
}

/** The first number in each segment. */
const segments = () =>
  readdirSync(dir)
    .sort()
    .map((name) => Number(name.slice(0, 16)));

test('a request is with the operating system before it is sent', async () => {
  await open().log.dispatch(startOf('a'), SCOPES);
  expect(await recovered()).toEqual({ rows: [['a', 'one', 0n]], orphans: 1 });
});

test('a record of a kind that only a newer version knows is refused, not passed over', async () => {
  const { log, journal } = open();
  await log.dispatch(startOf('a'), SCOPES);
  journal.append('x\twhat a later version may write');
  await journal.durable();
  const { log: next } = open();
  await expect(next.recover(0, NOW_MS, async () => new Set())).rejects.toThrow('a newer turnpike wrote it');
});

test('when another endpoint takes over, the end is its own, and so it is after a crash', async () => {
  const { log } = open();
  for (const id of ['ended', 'killed']) {
    await log.dispatch(startOf(id, 'one'), SCOPES);
    await log.dispatch(startOf(id, 'two'), SCOPES);
  }
  await log.settle('ended', END).durable;
  expect((await recovered()).rows).toEqual([
    ['ended', 'two', 7n],
    ['killed', 'two', 0n],
  ]);
});

test('what an endpoint had answered before it failed is not charged for the one that took over', async () => {
  const { log } = open();
  await log.dispatch(startOf('a', 'one'), SCOPES);
  log.mark('a', { promptTokens: 3, completionTokens: 4, costNanoUsd: 29n });
  await log.dispatch(startOf('a', 'two'), SCOPES);
  expect((await recovered()).rows).toEqual([['a', 'two', 0n]]);
});

test('a request whose end was lost is left alone when the database has it', async () => {
  const { log } = open();
  await log.dispatch(startOf('a'), SCOPES);
  await log.dispatch(startOf('b'), SCOPES);
  expect(await recovered({ stored: ['a'] })).toEqual({ rows: [['b', 'one', 0n]], orphans: 1 });
});

test('what the database has is not brought in again, wherever its position stands', async () => {
  const { log } = open();
  for (const id of ['a', 'b']) {
    await log.dispatch(startOf(id), SCOPES);
    await log.settle(id, END).durable;
  }
  expect((await recovered({ stored: ['a'] })).rows).toEqual([['b', 'one', 7n]]);
  expect((await recovered({ flushedSeq: 50, stored: ['a'] })).rows).toEqual([['b', 'one', 7n]]);
});

test('a segment goes only when the database has all of it, and what began in it has ended', async () => {
  // One record of a request in each segment, behind that of its context.
  const { log, journal } = open(1);
  const seqs = new Map<string, number>();
  const sent = async (id: string) => {
    await log.dispatch(startOf(id), SCOPES);
    await journal.durable();
  };
  const ended = async (id: string) => {
    const { settled, durable } = log.settle(id, END);
    await durable;
    seqs.set(id, settled.seq);
  };
  const flushed = (id: string) => log.flushed([id], seqs.get(id) ?? 0);
  await sent('first');
  await sent('long');
  await ended('first');
  await sent('last');
  await ended('last');
  expect(segments()).toEqual([1, 3, 5, 7, 9, 11]);
  flushed('first');
  expect(segments()).toEqual([3, 5, 7, 9, 11]);
  flushed('last');
  expect(segments()).toEqual([3, 5, 7, 9, 11]);
  await ended('long');
  flushed('long');
  expect(segments()).toEqual([13]);
});

test('what is settled and not flushed yet keeps its records', async () => {
  const { log } = open(1);
  for (const id of ['a', 'b']) {
    await log.dispatch(startOf(id), SCOPES);
    await log.settle(id, END).durable;
  }
  log.flushed(['a'], 2);
  expect((await recovered({ flushedSeq: 2, stored: ['a'] })).rows).toEqual([['b', 'one', 7n]]);
});
