/** Fresh databases for tests, on both engines: SQLite in a temporary directory, and a real PostgreSQL 18. */
import { setDefaultTimeout } from 'bun:test';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { sqlitePath } from '../src/storage/database-files.ts';
import { migrate } from '../src/storage/migrate.ts';
import { type Door, makeDoor } from './door.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { type Pooler, type PoolMode, startPooler } from './pooler.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

// Whichever test comes first waits for the server to start, beside everything else the machine does.
setDefaultTimeout(120_000);

export interface TestDatabase {
  readonly database: Database;
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  dispose(): Promise<void>;
}

export interface Engine {
  readonly name: 'sqlite' | 'postgres';
  /** A database of its own: migrated, unless told otherwise. Fails, never skips, when the engine cannot start. */
  open(options?: { migrated?: boolean }): Promise<TestDatabase>;
}

export const engines: readonly Engine[] = [
  { name: 'sqlite', open: (options) => openSqlite(options?.migrated ?? true) },
  {
    name: 'postgres',
    open: async (options) => openPostgres(options?.migrated ?? true, await poolerOfAllTests()),
  },
];

async function openSqlite(migrated: boolean): Promise<TestDatabase> {
  const dataDir = newDataDir();
  if (migrated) writeFileSync(sqlitePath(dataDir), await migratedFile());
  const database = await openDatabase({ databaseUrl: null, dataDir });
  return {
    database,
    databaseUrl: null,
    dataDir,
    async dispose() {
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

let migratedOnce: Promise<Uint8Array> | null = null;

/** What each starts from: forty migrations take longer than most tests. */
function migratedFile(): Promise<Uint8Array> {
  migratedOnce ??= (async () => {
    const dataDir = newDataDir();
    const database = await openDatabase({ databaseUrl: null, dataDir });
    await migrate(database);
    await database.close();
    const file = readFileSync(sqlitePath(dataDir));
    rmSync(dataDir, { recursive: true, force: true });
    return file;
  })();
  return migratedOnce;
}

const TEMPLATE = 'turnpike_template';

/** PostgreSQL behind a pooler like PgBouncer. */
export function pooledEngine(pooler: Pick<Pooler, 'urlOf'>): Engine {
  return { name: 'postgres', open: (options) => openPostgres(options?.migrated ?? true, pooler) };
}

export async function startPoolerBeforePostgres(mode: PoolMode): Promise<Pooler> {
  const server = await sharedServer();
  return await startPooler(server.urlOf('postgres'), mode);
}

/** With TEST_POOLER=transaction or =session every test of PostgreSQL goes through a pooler. */
async function poolerOfAllTests(): Promise<Pick<Pooler, 'urlOf'> | null> {
  const mode = process.env['TEST_POOLER'];
  if (mode !== 'transaction' && mode !== 'session') return null;
  shared[SHARED_POOLER] ??= startPoolerBeforePostgres(mode);
  return await shared[SHARED_POOLER];
}

/** A way to PostgreSQL that a test can close; give it to `pooledEngine`. */
export async function makeDoorToPostgres(): Promise<Door> {
  const server = await sharedServer();
  return await makeDoor(server.urlOf('postgres'));
}

/** As above, with the program itself. */
export async function startPgBouncerBeforePostgres(program: string, mode: PoolMode) {
  const server = await sharedServer();
  return await startPgBouncer(program, server.urlOf('postgres'), mode);
}

async function openPostgres(
  migrated: boolean,
  pooler: Pick<Pooler, 'urlOf'> | null = null,
): Promise<TestDatabase> {
  const server = await sharedServer();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(
    server,
    `CREATE DATABASE ${name} TEMPLATE ${migrated ? TEMPLATE : 'template0'} STRATEGY FILE_COPY`,
  );
  const databaseUrl = pooler === null ? server.urlOf(name) : pooler.urlOf(server.urlOf(name));
  const dataDir = newDataDir();
  const database = await openDatabase({ databaseUrl, dataDir });
  return {
    database,
    databaseUrl,
    dataDir,
    async dispose() {
      await database.close();
      await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** On the global object, because the test runner may load this module once a test file, and one server is enough. */
const SHARED = Symbol.for('turnpike.test.postgres');
const SHARED_POOLER = Symbol.for('turnpike.test.pooler');
const shared: typeof globalThis & {
  [SHARED]?: Promise<PostgresServer>;
  [SHARED_POOLER]?: Promise<Pooler>;
} = globalThis;

function sharedServer(): Promise<PostgresServer> {
  shared[SHARED] ??= startWithTemplate();
  return shared[SHARED];
}

async function startWithTemplate(): Promise<PostgresServer> {
  const server = await startPostgres();
  await administer(server, `CREATE DATABASE ${TEMPLATE}`);
  const template = await openDatabase({ databaseUrl: server.urlOf(TEMPLATE), dataDir: tmpdir() });
  await migrate(template);
  await template.close();
  return server;
}

async function administer(server: PostgresServer, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.urlOf('postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'turnpike-test-'));
}

/** Runs with a database that no migration has seen. */
export async function withEmpty(
  engine: Engine,
  run: (subject: TestDatabase) => Promise<void>,
): Promise<void> {
  const subject = await engine.open({ migrated: false });
  try {
    await run(subject);
  } finally {
    await subject.dispose();
  }
}

/**
 * What a promise is rejected with. Use it in place of `expect(…).rejects`: Bun's waits without letting a worker's answers
 * in, and everything on SQLite is a worker's answer.
 */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  if (outcome === null) throw new Error('Expected a rejection, but the promise was fulfilled');
  return outcome;
}
