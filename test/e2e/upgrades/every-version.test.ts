/** A database of every earlier version, with rows in every table, comes up to this version whole, and a gateway goes on with it. */
import { afterAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { Journal } from '../../../src/journal/journal.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import type { Database } from '../../../src/storage/database.ts';
import { migrate, migrations } from '../../../src/storage/migrate.ts';
import { OWNER, Visitor } from '../../accounts.ts';
import { engines, type TestDatabase } from '../../databases.ts';
import {
  addRows,
  brokenReferences,
  EARLIER_MASTER_KEY,
  EARLIER_NODE,
  makeEarlier,
  migrationsWithoutRows,
  type Row,
  readAll,
} from '../../earlier-databases.ts';
import { generationOf, journalledAsJson, scopesOf, split } from '../../generations.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { lineDiff } from '../../line-diff.ts';
import { dumpSchema, reviewedSchema } from '../../schema-dump.ts';
import { turnpike } from '../../turnpike.ts';

const NEWEST = migrations.at(-1)?.version ?? 0;
const versions = migrations.slice(0, -1).map(({ version, name }) => ({ version, name }));

/** The keys of 0001-ground.sql, by the byte that they repeat. */
const keyOf = (byte: string): string => {
  const checked = `sk-or-v1-${byte.repeat(28)}`;
  return checked + Bun.hash.crc32(checked).toString(16).padStart(8, '0');
};
const KEYS = {
  ...{ works: keyOf('aa'), manages: keyOf('bb'), disabled: keyOf('cc'), expired: keyOf('dd') },
  ...{ deleted: keyOf('ee'), spent: keyOf('11'), much: keyOf('22') },
};
const MIGRATING_PROCESS = join(import.meta.dir, '../../../src/storage/__fixtures__/migrating-process.ts');

function startMigrating(subject: TestDatabase, env: Record<string, string> = {}) {
  return Bun.spawn([process.execPath, MIGRATING_PROCESS], {
    env: {
      ...process.env,
      CHILD_DATABASE_URL: subject.databaseUrl ?? '',
      CHILD_DATA_DIR: subject.dataDir,
      CHILD_DIES_AT_QUERY: '0',
      ...env,
    },
    stdout: 'pipe',
    stderr: 'inherit',
  });
}

/** In an order of their own, as neither engine promises one. */
function sorted(rows: readonly Row[]): Row[] {
  const text = (row: Row) =>
    JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return rows.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** The same columns that the rows had before. */
function asBefore(rows: readonly Row[], before: readonly Row[]): Row[] {
  const columns = Object.keys(before[0] ?? {});
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
}

/** What migrations change of rows that are there: all else stays as it was. */
function changed(table: string, row: Row, version: number): Row {
  // 0013: the name of an app that a key's consent vouched for.
  const isVouchedByKey = table === 'api_key' && row['hash'] === 'hash-of-made-by-key';
  return isVouchedByKey && version < 13 ? { ...row, made_for: null } : row;
}

/** What a migration empties, since the gateway makes it again of rows that stay. */
const MADE_AGAIN: ReadonlyMap<string, number> = new Map(
  // 0042: longer sums, out of those by the hour.
  [
    ...[
      'usage_day',
      'usage_month',
      'usage_account_hour',
      'usage_account_day',
      'usage_key_day',
      'usage_closed',
    ],
  ].map((table) => [table, 42]),
);

/** The tables whose rows a migration leaves. */
function lasting(before: ReadonlyMap<string, Row[]>, version: number): [string, Row[]][] {
  return [...before].filter(([table]) => version >= (MADE_AGAIN.get(table) ?? 0));
}

/** What migrations add of their own. */
function isAdded(table: string, row: Row, version: number): boolean {
  // 0036: what each workspace has spent, by its keys.
  return table === 'usage_window' && row['scope_kind'] === 'workspace' && version < 36;
}

/** 0036: over all time, each workspace has what its keys have. */
async function expectWorkspaceCounters({ db }: Database): Promise<void> {
  const { rows } = await sql<{ counted_nano_usd: bigint; spent_nano_usd: bigint }>`
    SELECT workspace.id, COALESCE(counter.cost_nano_usd, 0) AS counted_nano_usd,
      (SELECT COALESCE(SUM(usage_window.cost_nano_usd), 0) FROM usage_window JOIN api_key ON api_key.hash = scope_id
       WHERE scope_kind = 'key' AND window_id = 'all' AND api_key.workspace_id = workspace.id
         AND api_key.is_child = 0) AS spent_nano_usd
    FROM workspace LEFT JOIN usage_window AS counter
      ON counter.scope_kind = 'workspace' AND counter.scope_id = workspace.id || ' lifetime'
  `.execute(db);
  for (const { counted_nano_usd, spent_nano_usd } of rows)
    expect(BigInt(counted_nano_usd)).toBe(BigInt(spent_nano_usd));
}

/** What migrations say in their new columns of rows that were there. */
async function expectNewColumns({ db }: Database, version: number): Promise<void> {
  const keys = await db
    .selectFrom('api_key')
    .select(['hash', 'bounded_by_admin', 'is_delegated', 'parent_key_hash'])
    .execute();
  const key = (hash: string) => keys.find((row) => row.hash === hash);
  const parent = keys.find(({ hash }) => hash === Bun.SHA256.hash(KEYS.works, 'hex'))?.hash;
  if (version < 11) expect(key('hash-of-one-who-left')?.bounded_by_admin).toBe(1);
  expect(key('hash-of-a-members')?.bounded_by_admin ?? 0).toBe(0);
  const ofKeys = { is_delegated: 1, parent_key_hash: parent ?? '' } as const;
  const ofUsers = { is_delegated: 1, parent_key_hash: null } as const;
  if (version >= 3 && version < 13) expect(key('hash-of-minted-by-key')).toMatchObject(ofKeys);
  if (version >= 8 && version < 13) expect(key('hash-of-made-by-key')).toMatchObject(ofKeys);
  if (version >= 5 && version < 13) {
    expect(key('hash-of-minted-for-client')).toMatchObject(ofUsers);
    expect(key('hash-of-minted-by-user')).toMatchObject(ofUsers);
  }
  const clients = await db.selectFrom('oauth_client').select(['client_id', 'grant_types']).execute();
  const grants = (id: string) => clients.find(({ client_id }) => client_id === id)?.grant_types;
  if (version >= 5 && version < 7) {
    expect(grants('client-dynamic')).toBe('["authorization_code"]');
    expect(grants('client-registered')).toBeNull();
  }
}

/** Before 0002 nothing tells which transaction charged a generation; no release had stored any by then. */
function faultOf(version: number): string | null {
  return version >= 2
    ? null
    : 'generation: gen-1795176000-00010000000000000001 is in no usage transaction of its account';
}

const JOURNALLED = generationOf({
  ...{ id: 'gen-1795176000-00090000000000000001', account_id: 'account-org' },
  ...{ key_hash: Bun.SHA256.hash(KEYS.works, 'hex'), cost_nano_usd: 7n },
});

/** Its process was killed before its provider had begun to answer: that costs nothing. */
const NEVER_ENDED = 'gen-1795176000-00090000000000000002';

/** What the gateway of that version leaves beside its database: one request that ended after the last flush, and one that never did. */
async function leaveDataDir(dataDir: string): Promise<void> {
  writeFileSync(join(dataDir, 'node-id'), `${EARLIER_NODE.id}\n`);
  const journal = Journal.open({
    dir: join(dataDir, 'journal'),
    flushedSeq: EARLIER_NODE.flushedSeq,
    onFailure: () => {},
  });
  journalledAsJson(journal, JOURNALLED);
  const { start } = split(generationOf({ ...JOURNALLED, id: NEVER_ENDED }));
  journal.append(JSON.stringify({ t: 'hold', start, scopes: scopesOf(JOURNALLED) }));
  await journal.close();
}

async function statusOf(gateway: SpawnedGateway, key: string): Promise<number> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.text();
  return answer.status;
}

async function getJson(gateway: SpawnedGateway, path: string, key: string) {
  const answer = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect([path, answer.status]).toEqual([path, 200]);
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test says of it
  return (await answer.json()) as any;
}

async function expectServed(gateway: SpawnedGateway, version: number): Promise<void> {
  const { data: key } = await getJson(gateway, '/key', KEYS.works);
  expect([key.usage, key.byok_usage]).toEqual([150_007 / 1e9, 700 / 1e9]);
  const expected = { works: 200, much: 200, disabled: 403, expired: 401, deleted: 401, spent: 402 };
  for (const [name, status] of Object.entries(expected))
    expect([name, await statusOf(gateway, KEYS[name as keyof typeof expected])]).toEqual([name, status]);
  const old = 'gen-1795176000-00010000000000000001';
  const { data: generation } = await getJson(gateway, `/generation?id=${old}`, KEYS.works);
  expect([generation.total_cost, generation.app_id]).toEqual([0.00015, null]);
  for (const [id, cost] of [
    [JOURNALLED.id, 7e-9],
    [NEVER_ENDED, 0],
  ] as const) {
    const { data: late } = await getJson(gateway, `/generation?id=${id}`, KEYS.works);
    expect([id, late.total_cost]).toEqual([id, cost]);
  }
  const { data: keys } = await getJson(gateway, '/keys', KEYS.manages);
  expect(keys.map(({ name }: { name: string }) => name)).toContain('Spent');
  // The first version with people, the last before their table changed, and the last: a sign-in takes as long as all else.
  if ([4, 12, NEWEST - 1].includes(version)) {
    const visitor = new Visitor(gateway.url);
    expect((await visitor.signIn(OWNER)).status).toBe(200);
    expect((await visitor.session())?.account).toMatchObject({ id: 'account-org', role: 'owner' });
  }
  if (version >= 6) {
    const { keys: jwks } = await getJson(gateway, '/oauth/jwks', KEYS.works);
    expect(jwks.map(({ kid }: { kid: string }) => kid)).toContain(
      'hACcIt4yVGnjW9uwCvkybU-P3x69Va0eTDckCCS7VRI',
    );
  }
}

test('every migration has rows that became possible with it', () => {
  // A new migration gets a file of rows, with odd ones among them: nulls, other scripts, large numbers, what has expired.
  expect(migrationsWithoutRows()).toEqual([]);
});

for (const engine of engines) {
  describe(`on ${engine.name}`, () => {
    const opened: TestDatabase[] = [];
    afterAll(async () => {
      for (const subject of opened) await subject.dispose();
    });
    const open = async () => {
      const subject = await engine.open({ migrated: false });
      opened.push(subject);
      return subject;
    };

    test('the rows of all versions fill every table, and every column that may be null both ways', async () => {
      const { database } = await open();
      for (const migration of migrations) {
        const { version } = migration;
        await migrate(
          database,
          migrations.filter((other) => other.version <= version),
        );
        await addRows(database, migration);
        const empty = [...(await readAll(database))].filter(([, rows]) => rows.length === 0);
        expect([version, empty.map(([table]) => table)]).toEqual([version, []]);
      }
      const schema = await Bun.file(reviewedSchema('postgres')).text();
      const oneSided = [...(await readAll(database))].flatMap(([table, rows]) =>
        nullable(schema, table)
          .filter((column) => new Set(rows.map((row) => row[column] === null)).size < 2)
          .map((column) => `${table}.${column}`),
      );
      // There is one instance, and one change of its master key; and no generation is without a charge.
      expect(oneSided.sort()).toEqual([
        'generation.ledger_transaction_id',
        'generation_record.ledger_transaction_id',
        'instance.sealed_key_check',
        'master_key_change.finished_at_ms',
      ]);
    });

    test.each(versions)('$name: nothing is lost, sums agree, and the gateway serves', async ({ version }) => {
      const subject = await open();
      const { database, dataDir } = subject;
      await makeEarlier(database, version);
      const before = await readAll(database);

      expect((await migrate(database)).applied).toEqual(
        migrations.filter((other) => other.version > version).map(({ name }) => name),
      );
      const after = await readAll(database);
      for (const [table, rows] of lasting(before, version)) {
        const expected = rows.map((row) => changed(table, row, version));
        const kept = (after.get(table) ?? []).filter((row) => !isAdded(table, row, version));
        expect([table, ...sorted(asBefore(kept, rows))]).toEqual([table, ...sorted(expected)]);
      }
      await expectNewColumns(database, version);
      if (version < 36) await expectWorkspaceCounters(database);
      expect(await brokenReferences(database)).toEqual([]);
      expect((await verifyLedger(database.db)).fault).toBe(faultOf(version));
      const { rows: shown } = await sql<Row>`SELECT * FROM generations`.execute(database.db);

      await leaveDataDir(dataDir);
      await using gateway = await spawnGateway({
        joins: true,
        env: environmentOf(subject, EARLIER_MASTER_KEY),
      });
      await expectServed(gateway, version);
      while ((await count(database, 'generation')) > 0) await Bun.sleep(5);
      expect(await gateway.kill('SIGTERM')).toBe(0);

      const { rows: moved } = await sql<Row>`SELECT * FROM generations`.execute(database.db);
      const old = new Set(shown.map(({ id }) => id));
      expect(sorted(moved.filter(({ id }) => old.has(id)))).toEqual(sorted(shown));
      // The two requests of the journal, and the two that were served just now.
      expect(moved.length - shown.length).toBe(4);
      expect(await brokenReferences(database)).toEqual([]);
      expect((await verifyLedger(database.db)).fault).toBe(faultOf(version));
    });

    test('processes that migrate full tables at once apply each migration once, and lose nothing', async () => {
      const subject = await open();
      await makeEarlier(subject.database, 1);
      const before = await readAll(subject.database);
      const applied = await Promise.all(
        [1, 2, 3].map(async () => {
          const child = startMigrating(subject);
          const said = await new Response(child.stdout).text();
          expect(await child.exited).toBe(0);
          return JSON.parse(said) as string[];
        }),
      );
      expect(applied.flat().sort()).toEqual(migrations.slice(1).map(({ name }) => name));
      const after = await readAll(subject.database);
      for (const [table, rows] of lasting(before, 1)) {
        const kept = (after.get(table) ?? []).filter((row) => !isAdded(table, row, 1));
        expect(sorted(asBefore(kept, rows))).toEqual(sorted(rows));
      }
    });

    test('each migration, killed when all but its commit is done, has changed nothing, and the next try ends at the same schema', async () => {
      const subject = await open();
      const { database } = subject;
      for (const migration of migrations) {
        const [schema, rows] = [await dumpSchema(database), await readAll(database)];
        const child = startMigrating(subject, { CHILD_DIES_AT_THE_END_OF: migration.name });
        expect(await child.exited).not.toBe(0);
        expect(child.signalCode).toBe('SIGKILL');
        expect([migration.name, await dumpSchema(database)]).toEqual([migration.name, schema]);
        expect(await readAll(database)).toEqual(rows);
        await migrate(
          database,
          migrations.filter(({ version }) => version <= migration.version),
        );
        await addRows(database, migration);
      }
      expect(lineDiff(await Bun.file(reviewedSchema(engine.name)).text(), await dumpSchema(database))).toBe(
        '',
      );
      expect((await verifyLedger(database.db)).fault).toBeNull();
      expect(await brokenReferences(database)).toEqual([]);
    });

    test('a gateway refuses the database of a newer one: it says so, ends, and changes nothing', async () => {
      const subject = await open();
      const { database } = subject;
      await makeEarlier(database, NEWEST);
      const text = 'ALTER TABLE account ADD COLUMN newer TEXT;\n';
      await migrate(database, [...migrations, { version: NEWEST + 1, name: '9999-newer', text }]);
      expect(await refusedStart(subject, EARLIER_MASTER_KEY)).toContain(
        `The database's schema is version ${NEWEST + 1}, but this turnpike knows only version ${NEWEST}`,
      );
    });

    // The first with something sealed that could tell, the last without a check, and the first with one.
    test.each(versions.filter(({ version }) => [6, 14, 15].includes(version)))(
      '$name: a wrong master key is refused before anything is migrated',
      async ({ version }) => {
        const subject = await open();
        await makeEarlier(subject.database, version);
        const said = await refusedStart(subject, new Uint8Array(32).fill(8));
        expect(said).toContain('is not the one that this database was sealed with. Nothing was changed.');
        const doctor = await turnpike(
          { dataDir: subject.dataDir, env: environmentOf(subject, new Uint8Array(32).fill(8)) },
          'doctor',
        );
        expect(doctor.text).toContain('FAIL  master key: does not open what is sealed');
      },
    );
  });
}

function environmentOf({ dataDir, databaseUrl }: TestDatabase, masterKey: Uint8Array) {
  return {
    TURNPIKE_DATA_DIR: dataDir,
    TURNPIKE_MASTER_KEY: Buffer.from(masterKey).toString('base64'),
    ...(databaseUrl === null ? {} : { TURNPIKE_DATABASE_URL: databaseUrl }),
  };
}

/** It must end by itself and leave the database as it was; returns what it said. */
async function refusedStart(subject: TestDatabase, masterKey: Uint8Array): Promise<string> {
  const [schema, rows] = [await dumpSchema(subject.database), await readAll(subject.database)];
  await leaveDataDir(subject.dataDir);
  const said = await spawnGateway({ joins: true, env: environmentOf(subject, masterKey) }).then(
    async (gateway) => {
      await gateway.stop();
      return 'it started';
    },
    (thrown: unknown) => String(thrown),
  );
  expect(said).toContain('ended with code 1');
  expect(await dumpSchema(subject.database)).toBe(schema);
  expect(await readAll(subject.database)).toEqual(rows);
  return said;
}

async function count({ db }: Database, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${sql.table(table)}`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

/** Columns of a table that may be null, by the dump of PostgreSQL. */
function nullable(schema: string, table: string): string[] {
  const [, lines = ''] =
    new RegExp(`^CREATE TABLE "?${table}"? \\(\\n([^;]*)\\n\\);$`, 'm').exec(schema) ?? [];
  return lines
    .split('\n')
    .filter((line) => /^ {2}[a-z]/.test(line) && !line.includes(' NOT NULL'))
    .map((line) => /\w+/.exec(line)?.[0] ?? '');
}
