/** Opens the database, SQLite in the data directory or PostgreSQL, behind one interface. */
import { mkdirSync } from 'node:fs';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { BackupError, backupSqlite } from './backup.ts';
import { sqlitePath } from './database-files.ts';
import { checkDatabaseUrl, forDriver } from './database-url.ts';
import { IntegerPlugin } from './integers.ts';
import type { Listener } from './postgres.ts';
import type { Tables } from './schema.ts';
import { SqliteThread, sqliteDialect } from './sqlite.ts';

/** PostgreSQL's word for it (SQLSTATE). */
const UNIQUE_VIOLATION = '23505';

/** A transaction under way. */
export type Trx = Transaction<Tables>;

/** A transaction is one of these too. */
export type Db = Kysely<Tables>;

export interface Database {
  readonly db: Db;
  readonly engine: 'sqlite' | 'postgres';
  /** Whether a connection pooler stands before PostgreSQL; known once a statement has run. */
  readonly isBehindPooler: boolean;
  /**
   * Runs `fn` in one transaction. Inside, use `trx` alone: SQLite has one connection, so a query through `db` would
   * wait for the transaction that waits for it.
   */
  transaction<T>(fn: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * As `transaction`, to read alone: every statement sees the database as the first one did, whatever others commit meanwhile, and
   * nobody who writes waits for it.
   */
  snapshot<T>(fn: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * As `snapshot`, for what may take minutes, such as an export that goes to a slow reader: on a connection of its own, so that
   * nobody waits for it. A statement may follow the last one after 30 seconds at most, or PostgreSQL ends it.
   */
  longSnapshot<T>(fn: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * Calls `onNotice` when another process may have notified `channel`, with what it said where that is known; a convenience
   * that may miss, never a promise.
   */
  listen(channel: string, onNotice: (payload?: string) => void, onError: (error: Error) => void): Listener;
  /** One statement as long as it takes, in a transaction of its own on a connection of its own. PostgreSQL alone. */
  runLong(statement: string): Promise<void>;
  backup(toPath: string): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Null: SQLite in the data directory. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** What the connections on which this node listens are called, as of their beginning; absent: nobody's. */
  readonly listenerName?: () => string;
  /** Failures that belong to no query, such as a lost idle connection. */
  readonly onError?: (error: Error) => void;
}

/** Whether a statement was refused because a row with the same key is there already. */
export function breaksUniqueness(thrown: unknown): boolean {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === UNIQUE_VIOLATION;
}

/** Opens; does not migrate. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const onError = options.onError ?? (() => {});
  return options.databaseUrl === null
    ? await openSqlite(options.dataDir, onError)
    : await openPostgres(options.databaseUrl, onError, options.listenerName);
}

async function openSqlite(dataDir: string, onError: (error: Error) => void): Promise<Database> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = sqlitePath(dataDir);
  const thread = await SqliteThread.open(path, onError);
  const db = new Kysely<Tables>({ dialect: sqliteDialect(thread), plugins: [new IntegerPlugin()] });
  return {
    db,
    engine: 'sqlite',
    isBehindPooler: false,
    transaction: (fn) => db.transaction().execute(fn),
    snapshot: (fn) => db.transaction().setAccessMode('read only').execute(fn),
    longSnapshot: async (fn) => {
      const reader = await SqliteThread.open(path, onError);
      try {
        const readerDb = new Kysely<Tables>({
          dialect: sqliteDialect(reader),
          plugins: [new IntegerPlugin()],
        });
        return await readerDb.transaction().setAccessMode('read only').execute(fn);
      } finally {
        await reader.close();
      }
    },
    // Another process on the same file has no way to call us: reading now and then is the only way.
    listen: () => ({ stop: async () => {} }),
    runLong: async () => {
      throw new Error('a statement of SQLite must be short: everybody waits for it');
    },
    backup: (toPath) => backupSqlite(path, toPath),
    close: () => thread.close(),
  };
}

async function openPostgres(
  givenUrl: string,
  onError: (error: Error) => void,
  listenerName: DatabaseOptions['listenerName'],
): Promise<Database> {
  checkDatabaseUrl(givenUrl);
  const databaseUrl = forDriver(givenUrl);
  // The driver is a tenth of the time to start, which SQLite need not pay.
  const { listen, openPool, runLong } = await import('./postgres.ts');
  const pool = openPool(databaseUrl, onError);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [new IntegerPlugin()] });
  return {
    db,
    engine: 'postgres',
    get isBehindPooler() {
      return pool.isBehindPooler;
    },
    // Whatever the database's own default is: what is read after waiting for a lock must be what was committed before.
    transaction: (fn) => db.transaction().setIsolationLevel('read committed').execute(fn),
    snapshot: (fn) =>
      db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(fn),
    longSnapshot: (fn) =>
      db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(fn),
    listen: (channel, onNotice, onListenError) =>
      listen({ databaseUrl, name: listenerName?.(), channel, onNotice, onError: onListenError }),
    runLong: (statement) => runLong(databaseUrl, statement),
    backup: async () => {
      throw new BackupError('A PostgreSQL database is backed up with pg_dump, not by turnpike');
    },
    // Not by way of Kysely: a query that comes late is told what every query is told when the database is away.
    close: () => pool.end(),
  };
}
