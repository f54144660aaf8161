import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { engines, rejectionOf, type TestDatabase } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { ChangeFeed, recordChange } from './changes.ts';
import { type Database, openDatabase } from './database.ts';

const HOUR_MS = 60 * 60 * 1000;
/** Longer than any test: what is seen was not seen by polling. */
const NEVER_MS = 10 * 60 * 1000;

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('It did not happen in time');
    await Bun.sleep(5);
  }
}

for (const engine of engines) {
  describe(engine.name, () => {
    let subject: TestDatabase;
    let other: Database;
    let feed: ChangeFeed;
    let seen: string[];
    let errors: unknown[];
    const clock = new ManualClock(1_000_000_000_000);

    function newFeed(database: Database, pollMs: number): ChangeFeed {
      seen = [];
      errors = [];
      const made = new ChangeFeed({ database, clock, pollMs, onError: (error) => errors.push(error) });
      made.subscribe('api_key', (id, seq) => seen.push(`${id}@${seq}`));
      made.onGap(() => seen.push('gap'));
      return made;
    }

    function change(database: Database, id: string): Promise<number> {
      return database.transaction((trx) => recordChange(trx, 'api_key', id, clock.nowMs()));
    }

    beforeEach(async () => {
      subject = await engine.open();
      other = await openDatabase({ databaseUrl: subject.databaseUrl, dataDir: subject.dataDir });
    });

    afterEach(async () => {
      await feed.stop();
      await other.close();
      await subject.dispose();
    });

    test('a process sees its own change when poll resolves, and nothing older than its start', async () => {
      await change(subject.database, 'before');
      feed = newFeed(subject.database, NEVER_MS);
      await feed.start();
      await Promise.all([feed.poll(), change(subject.database, 'mine').then(() => feed.poll())]);
      expect(seen).toEqual(['mine@2']);
      await feed.poll();
      expect(seen).toEqual(['mine@2']);
    });

    test("another connection's changes are seen by polling, in order", async () => {
      feed = newFeed(subject.database, 20);
      await feed.start();
      await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => change(other, id)));
      await until(() => seen.length === 5);
      expect(seen.map((entry) => entry.split('@')[1])).toEqual(['1', '2', '3', '4', '5']);
      expect(errors).toEqual([]);
    });

    test('a change that is rolled back is never told and leaves no gap', async () => {
      feed = newFeed(subject.database, NEVER_MS);
      await feed.start();
      const undone = other.transaction(async (trx) => {
        await recordChange(trx, 'api_key', 'undone', clock.nowMs());
        throw new Error('undone');
      });
      expect((await rejectionOf(undone)).message).toContain('undone');
      await change(other, 'done');
      await feed.poll();
      expect(seen).toEqual(['done@1']);
    });

    test('a log trimmed past a reader tells it to forget everything', async () => {
      feed = newFeed(subject.database, NEVER_MS);
      await feed.start();
      await change(other, 'lost');
      await other.db.deleteFrom('change_log').execute();
      await feed.poll();
      expect(seen.filter((entry) => entry === 'gap').length + seen.filter((e) => e === 'lost@1').length).toBe(
        1,
      );
      seen.length = 0;
      await change(other, 'next');
      await feed.poll();
      expect(seen).toEqual(['next@2']);
    });

    test('a counter that went back, as after restoring a backup, is a gap too', async () => {
      await change(subject.database, 'a');
      feed = newFeed(subject.database, NEVER_MS);
      await feed.start();
      await other.db.updateTable('change_counter').set({ seq: 0 }).execute();
      await other.db.deleteFrom('change_log').execute();
      await feed.poll();
      expect(seen).toEqual(['gap']);
    });

    test('rows older than an hour are trimmed, at most once a minute, and younger ones stay', async () => {
      feed = newFeed(subject.database, NEVER_MS);
      await feed.start();
      await feed.poll();
      await change(other, 'old');
      clock.advance(HOUR_MS + 1);
      await change(other, 'young');
      await feed.poll();
      const rows = await other.db.selectFrom('change_log').select('subject_id').execute();
      expect(rows).toEqual([{ subject_id: 'young' }]);
    });

    test('a failing listener and a failing read are reported, and the feed goes on', async () => {
      feed = newFeed(subject.database, 20);
      feed.subscribe('api_key', () => {
        throw new Error('listener');
      });
      feed.subscribe('api_key', (id) => seen.push(`after ${id}`));
      await feed.start();
      await sql`ALTER TABLE change_counter RENAME TO hidden`.execute(other.db);
      await until(() => errors.length > 0);
      await sql`ALTER TABLE hidden RENAME TO change_counter`.execute(other.db);
      await change(other, 'later');
      await until(() => seen.includes('after later'));
      expect(seen).toEqual(['later@1', 'after later']);
      expect(String(errors.at(-1))).toContain('listener');
    });
  });
}

describe('postgres notifications', () => {
  test('a change is seen long before the next poll, also after every connection was cut', async () => {
    const subject = await engines[1]!.open();
    const other = await openDatabase({ databaseUrl: subject.databaseUrl, dataDir: subject.dataDir });
    const seen: string[] = [];
    const errors: unknown[] = [];
    const feed = new ChangeFeed({
      database: subject.database,
      pollMs: NEVER_MS,
      onError: (error) => errors.push(error),
    });
    feed.subscribe('scope', (id) => seen.push(id));
    const change = (id: string) => other.transaction((trx) => recordChange(trx, 'scope', id, Date.now()));
    await feed.start();
    await change('one');
    await until(() => seen.includes('one'));
    await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(other.db);
    await until(() => errors.length > 0);
    await change('two');
    await until(() => seen.includes('two'));
    expect(seen).toEqual(['one', 'two']);
    await feed.stop();
    await other.close();
    await subject.dispose();
  });
});
