import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { isWellFormedKey, parseKeySecret } from '../auth/key-secret.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { ensureInstance } from '../keys/bootstrap.ts';
import { ChangeFeed } from '../storage/changes.ts';
import { run } from './keys.ts';

for (const engine of engines) {
  describe(`turnpike keys on ${engine.name}`, () => {
    let opened: TestDatabase;
    beforeAll(async () => {
      opened = await engine.open();
    });
    afterAll(() => opened.dispose());

    async function keys(...args: string[]) {
      const lines: string[] = [];
      // Of the whole configuration, only where the database is matters here.
      const config = { databaseUrl: opened.databaseUrl, dataDir: opened.dataDir } as Config;
      const code = await run(args, { config, print: (line) => lines.push(line) });
      return { code, text: lines.join('\n') };
    }

    test('on an empty database it says what to do first', async () => {
      const { code, text } = await keys('list');
      expect(code).toBe(1);
      expect(text).toContain('turnpike serve');
      await ensureInstance({ database: opened.database, clock: systemClock, bootstrapManagementKey: null });
    });

    test('a key is made, printed once, listed, switched off and on, and deleted, and a running server hears of each', async () => {
      const heard: string[] = [];
      const feed = new ChangeFeed({ database: opened.database, pollMs: 60_000 });
      feed.subscribe('api_key', (hash) => heard.push(hash));
      await feed.start();
      const made = await keys('create', '--name', 'CI', '--limit', '2.5', '--limit-reset', 'daily', '--json');
      expect(made.code).toBe(0);
      const { key, hash, limit, limit_reset } = JSON.parse(made.text);
      expect(parseKeySecret(key)?.hash).toBe(hash);
      expect([limit, limit_reset]).toEqual([2.5, 'daily']);
      const list = await keys('list');
      expect(list.text).toContain(hash);
      expect(list.text).not.toContain(key);
      expect((await keys('disable', hash)).code).toBe(0);
      expect((await keys('list')).text).not.toContain(hash);
      const all = JSON.parse((await keys('list', '--all', '--json')).text);
      expect(all.find((row: { hash: string }) => row.hash === hash).disabled).toBe(true);
      expect((await keys('enable', hash)).code).toBe(0);
      expect((await keys('delete', hash)).code).toBe(0);
      expect(await keys('delete', hash)).toEqual({ code: 1, text: 'No key has this hash' });
      await feed.poll();
      expect(heard).toEqual([hash, hash, hash, hash]);
      await feed.stop();
    });

    test('a management key is listed apart from the others', async () => {
      const made = await keys('create', '--name', 'Ops', '--management');
      expect(made.code).toBe(0);
      expect(isWellFormedKey(/key {3}(\S+)/.exec(made.text)![1]!)).toBe(true);
      const hash = /hash {2}(\S+)/.exec(made.text)![1]!;
      expect((await keys('list')).text).not.toContain(hash);
      expect((await keys('list', '--management')).text).toContain(hash);
    });

    test('a command line that makes no sense is 2, and makes nothing', async () => {
      const before = (await keys('list', '--all')).text;
      for (const args of [
        [],
        ['forge'],
        ['create'],
        ['create', '--name', ''],
        ['create', '--name', 'n', '--limit', 'much'],
        ['create', '--name', 'n', '--limit', '1e99'],
        ['create', '--name', 'n', '--limit-reset', 'yearly'],
        ['create', '--name', 'n', '--expires', '2020-01-01T00:00:00Z'],
        ['create', '--name', 'n', '--workspace', 'x'],
        ['create', '--name', 'n', '--management', '--limit', '5'],
        ['create', '--name', 'n', '--unknown'],
        ['disable'],
        ['delete', 'a', 'b'],
      ]) {
        expect([args, (await keys(...args)).code]).toEqual([args, 2]);
      }
      expect((await keys('list', '--all')).text).toBe(before);
    });

    test('generate prints a well-formed key and stores nothing', async () => {
      const { code, text } = await keys('generate');
      expect([code, isWellFormedKey(text)]).toEqual([0, true]);
      expect((await keys('list', '--all')).text).not.toContain(parseKeySecret(text)!.hash);
    });
  });
}
