/** Starts beside what is lost: real processes, on what an operator who mixed up a volume leaves them. */
import { afterAll, describe, expect, test } from 'bun:test';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { systemClock } from '../../../src/clock.ts';
import { refuseStrangers } from '../../../src/installation/check.ts';
import { nodeIdOf } from '../../../src/installation/data-dir.ts';
import { ensureInstance } from '../../../src/keys/bootstrap.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { migrate, migrations } from '../../../src/storage/migrate.ts';
import { engines, rejectionOf } from '../../databases.ts';
import { freePort } from '../../free-port.ts';
import { earlierColumns, generationOf } from '../../generations.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { turnpike } from '../../turnpike.ts';
import { chat } from '../faults/bench.ts';

const aside = mkdtempSync(join(tmpdir(), 'turnpike-aside-'));
afterAll(() => rmSync(aside, { recursive: true, force: true }));
const KEY = /sk-or-v1-[0-9a-f]{64}/;
const otherKey = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');

async function served(gateway: SpawnedGateway): Promise<void> {
  const response = await chat(gateway, { model: 'acme/small' });
  expect(response.status).toBe(200);
  await response.text();
}

/** It must end by itself, say why, and make no key; returns all that it said. */
async function refusedStart(gateway: SpawnedGateway): Promise<string> {
  const before = (gateway.stdout + gateway.stderr).length;
  const { message } = await rejectionOf(gateway.restart());
  expect(message).toContain('ended with code 1');
  const said = message.slice(Math.max(0, message.length - before - 4000));
  expect(new Set(gateway.stdout.match(new RegExp(KEY, 'g')))).toEqual(new Set([gateway.apiKey]));
  return said;
}

describe('a master key', () => {
  test('that is gone is not made anew; put back, all is well', async () => {
    await using gateway = await spawnGateway();
    await served(gateway);
    await gateway.kill('SIGTERM');
    const path = join(gateway.dataDir, 'master.key');
    renameSync(path, join(aside, 'master.key'));
    const said = await refusedStart(gateway);
    expect(said).toContain('put the key back');
    expect(said).toContain('turnpike recover new-master-key');
    expect(existsSync(path)).toBe(false);
    renameSync(join(aside, 'master.key'), path);
    await gateway.restart();
    await served(gateway);
  });

  test('that is another one is refused, and taken over by the operator’s word alone', async () => {
    await using gateway = await spawnGateway();
    await served(gateway);
    await gateway.kill('SIGTERM');
    const path = join(gateway.dataDir, 'master.key');
    const key = otherKey();
    writeFileSync(path, `${key}\n`);
    const said = await refusedStart(gateway);
    expect(said).toContain('is not the one that this database was sealed with');
    expect(said).not.toContain(key);
    const invited = await turnpike(gateway, 'users', 'invite', 'ann@example.com');
    expect([invited.code, invited.text]).toEqual([1, expect.not.stringContaining('token=')]);
    const asked = await turnpike(gateway, 'recover', 'new-master-key');
    expect(asked.code).toBe(1);
    expect(asked.text).toContain('--yes');
    expect(await refusedStart(gateway)).toContain('is not the one');
    const done = await turnpike(gateway, 'recover', 'new-master-key', '--yes');
    expect([done.code, done.text]).toEqual([0, expect.stringContaining('from now on')]);
    await gateway.restart();
    await served(gateway);
    await makeKey(gateway);
    await gateway.kill('SIGTERM');
    const again = await turnpike(gateway, 'recover', 'new-master-key', '--yes');
    expect([again.code, again.text]).toEqual([1, expect.stringContaining('right one')]);
  });

  for (const engine of engines) {
    test(`of a database of an older version, which has no check, is judged by what is sealed in it, on ${engine.name}`, async () => {
      const { proveMasterKey, checkMasterKey } = await import(
        '../../../src/installation/master-key-check.ts'
      );
      const { SigningKeys } = await import('../../../src/workload-identity/signing-keys.ts');
      const opened = await engine.open();
      try {
        const { database } = opened;
        const [right, wrong] = [1, 2].map((n) => new Uint8Array(32).fill(n)) as [Uint8Array, Uint8Array];
        await ensureInstance({ database, clock: systemClock, bootstrapManagementKey: null });
        expect(await proveMasterKey(database, wrong)).toBe('unproven');
        await new SigningKeys({ database, clock: systemClock, masterKey: right }).signer();
        expect(await proveMasterKey(database, wrong)).toBe('wrong');
        await rejectionOf(checkMasterKey(database, wrong, 'a test'));
        await checkMasterKey(database, right, 'a test');
        await database.db.deleteFrom('signing_key').execute();
        expect(await proveMasterKey(database, right)).toBe('right');
        expect(await proveMasterKey(database, wrong)).toBe('wrong');
      } finally {
        await opened.dispose();
      }
    });
  }

  test('that a second node made for itself is refused and not left behind: nodes that share a database share one', async () => {
    const opened = await postgresEngine().open({ migrated: false });
    try {
      const env = { TURNPIKE_DATABASE_URL: opened.databaseUrl ?? '' };
      await using first = await spawnGateway({ env });
      const dataDir = join(aside, 'second', 'data');
      cpSync(join(first.dataDir, '../turnpike.yaml'), join(aside, 'second', 'turnpike.yaml'));
      const second = await turnpike(
        { dataDir, env: { ...env, TURNPIKE_PORT: String(await freePort()) } },
        'serve',
      );
      expect([second.code, second.text]).toEqual([1, expect.stringContaining('share one key')]);
      expect(readdirSync(dataDir)).not.toContain('master.key');
      expect(KEY.test(second.text)).toBe(false);
    } finally {
      await opened.dispose();
    }
  });

  test('that a first start made stays when the database goes away in that moment: the start is tried again with it', async () => {
    const opened = await postgresEngine().open();
    const { database, databaseUrl } = opened;
    try {
      await ensureInstance({ database, clock: systemClock, bootstrapManagementKey: null });
      const locked = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      // The start can read, and waits where it would leave its check of the key.
      const holding = database.transaction(async (trx) => {
        await sql`LOCK TABLE instance IN SHARE MODE`.execute(trx);
        locked.resolve();
        await release.promise;
      });
      await locked.promise;
      const starting = spawnGateway({
        joins: true,
        env: { TURNPIKE_DATABASE_URL: databaseUrl ?? '', TURNPIKE_MASTER_KEY: '' },
      });
      for (let cut = 0; cut === 0; await Bun.sleep(10)) {
        const { rows } = await sql`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND query LIKE 'update "instance"%'`.execute(database.db);
        cut = rows.length;
      }
      release.resolve();
      await holding;
      await using gateway = await starting;
      expect(gateway.stderr).toContain('database_unreachable');
      expect(existsSync(join(gateway.dataDir, 'master.key'))).toBe(true);
      await gateway.kill('SIGTERM');
      await gateway.restart();
    } finally {
      await opened.dispose();
    }
  });
});

describe('a used data directory', () => {
  test('without its database file is not taken for a first start, and nothing is made in it', async () => {
    await using gateway = await spawnGateway();
    await served(gateway);
    await gateway.kill('SIGTERM');
    const path = join(gateway.dataDir, 'turnpike.sqlite');
    renameSync(path, join(aside, 'kept.sqlite'));
    const said = await refusedStart(gateway);
    expect(said).toContain('restore the database');
    expect(said).toContain('move');
    expect(existsSync(path)).toBe(false);
    for (const command of [
      ['keys', 'list'],
      ['ledger', 'verify'],
      ['credits', 'show'],
    ]) {
      const ran = await turnpike(gateway, ...command);
      expect([command, ran.code, existsSync(path)]).toEqual([command, 1, false]);
    }
    renameSync(join(aside, 'kept.sqlite'), path);
    await gateway.restart();
    await served(gateway);
  });

  test('beside an empty PostgreSQL, or that of another installation, is refused, and neither is changed', async () => {
    const [own, empty, other] = [
      await postgresEngine().open({ migrated: false }),
      await postgresEngine().open({ migrated: false }),
      await postgresEngine().open({ migrated: false }),
    ];
    try {
      await using gateway = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: own.databaseUrl ?? '' } });
      await using _ = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: other.databaseUrl ?? '' } });
      await served(gateway);
      await gateway.kill('SIGKILL');
      const masterKey = otherKey();
      for (const [databaseUrl, why] of [
        [empty.databaseUrl, 'the database is empty'],
        [other.databaseUrl, 'another installation'],
      ] as const) {
        const env = {
          TURNPIKE_DATABASE_URL: databaseUrl ?? '',
          TURNPIKE_MASTER_KEY: masterKey,
          TURNPIKE_PORT: String(await freePort()),
        };
        const ran = await turnpike({ dataDir: gateway.dataDir, env }, 'serve');
        expect([ran.code, ran.text]).toEqual([1, expect.stringContaining(why)]);
        expect(KEY.test(ran.text)).toBe(false);
      }
      const tables = await empty.database.db.introspection.getTables();
      expect(tables).toEqual([]);
      await gateway.restart();
      await served(gateway);
    } finally {
      for (const opened of [own, empty, other]) await opened.dispose();
    }
  });
});

describe('a used database', () => {
  test('whose journal is lost starts by the operator’s word alone, and goes on from there', async () => {
    await using gateway = await spawnGateway();
    await served(gateway);
    await gateway.kill('SIGTERM');
    for (const name of ['journal', 'node-id', 'instance-id'])
      renameSync(join(gateway.dataDir, name), join(aside, `lost-${name}`));
    const said = await refusedStart(gateway);
    expect(said).toContain('What may be missing: the charges of requests since about 2');
    expect(said).toContain('turnpike recover lost-journal');
    expect((await turnpike(gateway, 'recover', 'lost-journal')).code).toBe(1);
    expect(await refusedStart(gateway)).toContain('lost-journal');
    const done = await turnpike(gateway, 'recover', 'lost-journal', '--yes');
    expect([done.code, done.text]).toEqual([0, expect.stringContaining('new journal')]);
    await gateway.restart();
    await served(gateway);
    await gateway.kill('SIGTERM');
    expect((await turnpike(gateway, 'ledger', 'verify')).code).toBe(0);
    // The second journal alone is gone: its name is still there.
    rmSync(join(gateway.dataDir, 'journal'), { recursive: true });
    expect(await refusedStart(gateway)).toContain('lost-journal');
  });

  test('that a backup was restored to an empty directory from says what may be missing', async () => {
    await using gateway = await spawnGateway();
    await served(gateway);
    const backup = join(aside, 'backup.sqlite');
    expect((await turnpike(gateway, 'backup', backup)).code).toBe(0);
    await gateway.kill('SIGKILL');
    const masterKey = readFileSync(join(gateway.dataDir, 'master.key'), 'utf8');
    rmSync(gateway.dataDir, { recursive: true });
    cpSync(backup, join(gateway.dataDir, 'turnpike.sqlite'));
    expect(await refusedStart(gateway)).toContain('put the key back');
    writeFileSync(join(gateway.dataDir, 'master.key'), masterKey, { mode: 0o600 });
    expect(await refusedStart(gateway)).toContain('restored from a backup');
    expect((await turnpike(gateway, 'recover', 'lost-journal', '--yes')).code).toBe(0);
    await gateway.restart();
    await served(gateway);
  });

  for (const engine of engines) {
    test(`with a database restored from before its journal’s oldest record is refused until the operator has spoken, on ${engine.name}`, async () => {
      const opened = await engine.open({ migrated: false });
      const database = opened.databaseUrl === null ? {} : { TURNPIKE_DATABASE_URL: opened.databaseUrl };
      const env = { TURNPIKE_MASTER_KEY: otherKey(), ...database };
      await using gateway = await spawnGateway({ env });
      await served(gateway);
      await gateway.kill('SIGTERM');
      // Each start begins a file, and the next flush deletes those before it.
      await gateway.restart();
      await served(gateway);
      await gateway.kill('SIGTERM');
      const place = { databaseUrl: opened.databaseUrl, dataDir: gateway.dataDir };
      const atPosition = async (seq: number) => {
        const database = await openDatabase(place);
        await database.db.updateTable('journal_position').set({ seq }).execute();
        await database.close();
      };
      await atPosition(1);
      const said = await refusedStart(gateway);
      expect(said).toContain('is older than the journal');
      expect(said).toContain('What may be missing: the charges of requests since about 2');
      const command = (...args: string[]) => turnpike({ ...place, env }, ...args);
      expect((await command('doctor')).text).toContain('is older than the journal');
      expect((await command('recover', 'lost-journal')).code).toBe(1);
      expect(await refusedStart(gateway)).toContain('turnpike recover lost-journal');
      const done = await command('recover', 'lost-journal', '--yes');
      expect([done.code, done.text]).toEqual([0, expect.stringContaining('from record')]);
      await gateway.restart();
      await served(gateway);
      await gateway.kill('SIGTERM');
      expect((await command('ledger', 'verify')).code).toBe(0);
      const again = await command('recover', 'lost-journal', '--yes');
      expect([again.code, again.text]).toEqual([1, expect.stringContaining('nothing is missing')]);
      await opened.dispose();
    });

    test(`without its journal is refused with a database of an older version too, and since when is said, on ${engine.name}`, async () => {
      const opened = await engine.open({ migrated: false });
      try {
        const { database } = opened;
        const ours = migrations.findIndex(({ name }) => name === '0012-generation-records');
        await migrate(database, migrations.slice(0, ours));
        const instance = { id: 1, instance_id: 'an installation', account_id: 'account', created_at_ms: 1 };
        await database.db
          .insertInto('instance')
          .values(instance as never)
          .execute();
        const dataDir = mkdtempSync(join(aside, 'older-'));
        const turn = { node_id: nodeIdOf(dataDir), seq: 5, epoch: 'an earlier process' };
        await database.db.insertInto('journal_position').values(turn).execute();
        const row = earlierColumns(generationOf({ created_at_ms: Date.parse('2026-11-20T12:00:00Z') }));
        await database.db
          .insertInto('generation' as never)
          .values(row as never)
          .execute();
        const { message } = await rejectionOf(refuseStrangers(database, { databaseUrl: null, dataDir }));
        expect(message).toContain('the charges of requests since about 2026-11-20T12:00:00');
        expect(message).toContain('turnpike recover lost-journal');
        await migrate(database);
        const later = await rejectionOf(refuseStrangers(database, { databaseUrl: null, dataDir }));
        expect(later.message).toBe(message);
      } finally {
        await opened.dispose();
      }
    });
  }

  test('is joined by a node with an empty directory on PostgreSQL, which has no journal to miss', async () => {
    const opened = await postgresEngine().open({ migrated: false });
    try {
      const env = { TURNPIKE_DATABASE_URL: opened.databaseUrl ?? '' };
      await using first = await spawnGateway({ env });
      await served(first);
      await using second = await spawnGateway({ env, joins: true });
      expect(second.stderr).toContain('node_joins');
      expect(first.stderr).not.toContain('node_joins');
      await served({ ...second, apiKey: first.apiKey } as SpawnedGateway);
    } finally {
      await opened.dispose();
    }
  });
});
