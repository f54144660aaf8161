import { afterAll, beforeAll, expect, test } from 'bun:test';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { postgresEngine } from '../../test/lease-node.ts';
import type { Config } from '../config/config.ts';
import { acquireLease } from '../limits/leases/store.ts';
import { takeOverJournal } from '../storage/journal-position.ts';
import { run } from './nodes.ts';

let opened: TestDatabase;
beforeAll(async () => {
  opened = await postgresEngine().open();
  // In the order in which their processes began.
  await lease('running', 60_000);
  await lease('gone', -60_000);
});
afterAll(() => opened.dispose());

async function lease(nodeId: string, ttlMs: number): Promise<void> {
  const turn = await takeOverJournal(opened.database.db, nodeId);
  await acquireLease(opened.database, turn, {
    key: { scopeKind: 'key', scopeId: 'a key', windowId: 'all', nodeId },
    grantId: `the grant of ${nodeId}`,
    ttlMs,
    commonWindowId: 'all',
    countsLeasesOf: () => true,
    readLimit: async () => null,
    sizeOf: () => 2_500_000_000n,
  });
}

async function nodes(database: TestDatabase, ...args: string[]) {
  const lines: string[] = [];
  // Of the whole configuration, only where the database is matters here.
  const config = { databaseUrl: database.databaseUrl, dataDir: database.dataDir } as Config;
  const code = await run(args, { config, print: (line) => lines.push(line) });
  return { code, text: lines.join('\n') };
}

test('it lists who runs, who is away and who has leased how much', async () => {
  const { code, text } = await nodes(opened, 'list');
  expect(code).toBe(0);
  expect(text.split('\n')).toEqual([
    expect.stringMatching(/^running {2}running since 20\S+, 2\.5 USD leased$/),
    expect.stringMatching(/^gone {2}away since 20\S+, 2\.5 USD leased$/),
  ]);
});

test('what a node that is away had leased is given back; one that runs, or that nobody knows, is refused', async () => {
  expect((await nodes(opened, 'forget', 'running')).code).toBe(1);
  expect((await nodes(opened, 'forget', 'nobody')).code).toBe(1);
  expect(await nodes(opened, 'forget', 'gone')).toMatchObject({
    code: 0,
    text: "2.5 USD are everybody's again.",
  });
  const { text } = await nodes(opened, 'list');
  expect([text.includes('gone'), text.includes('running')]).toEqual([false, true]);
  expect(text).toContain('1 more has run before, and left nothing leased.');
  expect((await nodes(opened, 'forget', 'gone')).text).toBe('gone has leased nothing.');
});

test('a command line that makes no sense is 2', async () => {
  for (const args of [[], ['list', 'all'], ['forget'], ['forget', 'one', 'two'], ['kill', 'gone']])
    expect([args, (await nodes(opened, ...args)).code]).toEqual([args, 2]);
});

test('on SQLite nothing is leased', async () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite');
  const alone = await sqlite?.open();
  if (alone === undefined) throw new Error('there is no SQLite');
  expect((await nodes(alone, 'list')).text).toContain('nothing is leased');
  await alone.dispose();
});
