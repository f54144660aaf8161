/** What an operator does by hand, in commands of their own: each leaves one event that names them, and only when something changed. */

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLease } from '../../../src/limits/leases/store.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { takeOverJournal } from '../../../src/storage/journal-position.ts';
import { migrations } from '../../../src/storage/migrate.ts';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { spawnGateway, startGateway, type TestGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';

const MAX = { email: 'max@example.com', password: 'staple battery horse' };
const newKey = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');

const eventsIn = ({ db }: Pick<Database, 'db'>) =>
  db.selectFrom('audit_event').selectAll().orderBy('id').execute();

/** Of a process that has ended. */
async function eventsOn(dataDir: string) {
  const database = await openDatabase({ databaseUrl: null, dataDir });
  try {
    return await eventsIn(database);
  } finally {
    await database.close();
  }
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let owner: Visitor;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  /** Runs it beside the gateway; the events that it left. */
  async function leftBy(...args: string[]) {
    const { databaseUrl, dataDir, masterKey } = gateway.config;
    const before = (await eventsIn(gateway.database)).length;
    const env = {
      TURNPIKE_MASTER_KEY: Buffer.from(masterKey).toString('base64'),
      ...(databaseUrl !== null && { TURNPIKE_DATABASE_URL: databaseUrl }),
    };
    const { code, text } = await turnpike({ dataDir, env }, ...args);
    expect([args, code, text]).toEqual([args, 0, expect.any(String)]);
    return { text, events: (await eventsIn(gateway.database)).slice(before) };
  }

  test('a link for a new password and a second factor taken off are told with whose they are, and without the link', async () => {
    const max = await signUpMember(gateway, owner, MAX);
    const id = (await max.session())?.user.id ?? '';
    const enabled = await max.post('/api/auth/two-factor/enable', { password: MAX.password });
    const code = totpCode(String(enabled.body['totpURI']), Date.now());
    await max.post('/api/auth/two-factor/verify-totp', { code });

    const reset = await leftBy('users', 'reset-link', MAX.email);
    expect(reset.events).toMatchObject([
      { action: 'user.reset_link_made', actor_kind: 'operator', target_kind: 'user', target: id },
    ]);
    const token = /token=([\w.-]+)/.exec(reset.text)?.[1] ?? '';
    expect(token).not.toBe('');
    expect(JSON.stringify(reset.events)).not.toContain(token);

    expect((await leftBy('users', 'two-factor-off', MAX.email)).events).toMatchObject([
      { action: 'user.two_factor_off', actor_kind: 'operator', target_kind: 'user', target: id },
    ]);
    // It is off: nothing changes.
    expect((await leftBy('users', 'two-factor-off', MAX.email)).events).toEqual([]);
    const visitor = new Visitor(gateway.url);
    await visitor.signIn(MAX);
    expect(await visitor.session()).not.toBeNull();
    expect((await leftBy('users', 'two-factor-off', OWNER.email)).events).toEqual([]);
  });

  test('a node that is given up is told with what it gave back', async () => {
    if (engine === 'sqlite') {
      // There is one node, which leases nothing.
      const { databaseUrl, dataDir, masterKey } = gateway.config;
      expect(databaseUrl).toBeNull();
      const before = await eventsIn(gateway.database);
      const env = { TURNPIKE_MASTER_KEY: Buffer.from(masterKey).toString('base64') };
      expect((await turnpike({ dataDir, env }, 'nodes', 'forget', 'gone')).code).toBe(1);
      expect(await eventsIn(gateway.database)).toEqual(before);
      return;
    }
    const turn = await takeOverJournal(gateway.database.db, 'gone');
    await acquireLease(gateway.database, turn, {
      key: { scopeKind: 'key', scopeId: 'a key', windowId: 'all', nodeId: 'gone' },
      ...{ grantId: 'a grant', ttlMs: -60_000, commonWindowId: 'all' },
      countsLeasesOf: () => true,
      readLimit: async () => null,
      sizeOf: () => 2_500_000_000n,
    });
    expect((await leftBy('nodes', 'forget', 'gone')).events).toMatchObject([
      {
        ...{ action: 'node.forgotten', actor_kind: 'operator', target_kind: 'node', target: 'gone' },
        after_json: '{"freed_nano_usd":"2500000000"}',
      },
    ]);
  });
});

test('a schema that was brought up to date is told with its steps, once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-migrated-'));
  try {
    const dataDir = join(directory, 'data');
    const place = { dataDir, env: { TURNPIKE_MASTER_KEY: newKey() } };
    for (const text of [`applied ${migrations.at(-1)?.name}`, 'up to date']) {
      const ran = await turnpike(place, 'migrate');
      expect([ran.code, ran.text]).toEqual([0, expect.stringContaining(text)]);
      const after_json = JSON.stringify({ applied: migrations.map(({ name }) => name) });
      expect(await eventsOn(dataDir)).toMatchObject([
        { action: 'schema.migrated', actor_kind: 'operator', target_kind: 'schema', after_json },
      ]);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a migration makes no empty database in the place of one that is lost', async () => {
  await using gateway = await spawnGateway();
  await gateway.kill('SIGTERM');
  const path = join(gateway.dataDir, 'turnpike.sqlite');
  for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
  const ran = await turnpike(gateway, 'migrate');
  expect([ran.code, ran.text]).toEqual([1, expect.stringContaining('Nothing was changed')]);
  expect(await Bun.file(path).exists()).toBe(false);
});

test('a master key and a journal that are given up are told once, and only when the operator is sure', async () => {
  await using gateway = await spawnGateway();
  await gateway.kill('SIGTERM');
  const { dataDir } = gateway;
  const recoveries = async () => {
    const all = await eventsOn(dataDir);
    return all.filter(({ target_kind }) => target_kind === 'installation');
  };
  writeFileSync(join(dataDir, 'master.key'), `${newKey()}\n`);
  rmSync(join(dataDir, 'journal'), { recursive: true });

  expect((await turnpike(gateway, 'recover', 'new-master-key')).code).toBe(1);
  expect((await turnpike(gateway, 'recover', 'lost-journal')).code).toBe(1);
  expect(await recoveries()).toEqual([]);
  expect((await turnpike(gateway, 'recover', 'new-master-key', '--yes')).code).toBe(0);
  expect((await turnpike(gateway, 'recover', 'new-master-key', '--yes')).code).toBe(1);
  expect((await turnpike(gateway, 'recover', 'lost-journal', '--yes')).code).toBe(0);
  const told = await recoveries();
  expect(told).toMatchObject([
    { action: 'master_key.replaced', actor_kind: 'operator', before_json: null, after_json: null },
    { action: 'journal.given_up', actor_kind: 'operator', before_json: expect.stringContaining('node_id') },
  ]);
  expect(told[1]?.after_json).not.toBe(told[1]?.before_json);
});
