/** The one thread that touches the SQLite file, so that an fsync or a slow query never stalls a stream on the main thread. */

import { Database, type SQLQueryBindings, type Statement } from 'bun:sqlite';
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import type { SqliteReply, SqliteRequest, SqliteRows } from './sqlite-protocol.ts';
import type { Task } from './task.ts';

declare const self: Worker;

const BUSY_TIMEOUT_MS = 5000;
const CACHE_KIBIBYTES = 16 * 1024;
/** A reader that stays, such as a backup, lets the write-ahead log grow; once it is gone, no more than this is kept of it. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const MAX_STATEMENTS = 256;
const CHANGES_SCHEMA = /^\s*(?:create|alter|drop)\b/i;

let database: Database | null = null;
const statements = new Map<string, Statement>();
const tasks = new Map<string, Task>();

function open(path: string): Database {
  // Created by us first, because SQLite would let everyone read it; its -wal and -shm files inherit the mode.
  closeSync(openSync(path, 'a', 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
  const opened = new Database(path, { safeIntegers: true });
  opened.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  enterWal(opened);
  opened.run('PRAGMA synchronous = FULL');
  opened.run('PRAGMA foreign_keys = ON');
  opened.run(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`);
  opened.run('PRAGMA temp_store = MEMORY');
  opened.run(`PRAGMA journal_size_limit = ${MAX_LOG_BYTES}`);
  return opened;
}

/** SQLite ignores busy_timeout while it switches a file to WAL, and two processes may do so at once. */
function enterWal(opened: Database): void {
  const deadlineMs = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      opened.run('PRAGMA journal_mode = WAL');
      return;
    } catch (thrown) {
      if (!failureOf(thrown).code?.startsWith('SQLITE_BUSY') || performance.now() > deadlineMs) throw thrown;
      Bun.sleepSync(10);
    }
  }
}

/** Least recently used out first; a map keeps the order of insertion. */
function prepare(connection: Database, sql: string): Statement {
  const known = statements.get(sql);
  if (known !== undefined) {
    statements.delete(sql);
    statements.set(sql, known);
    return known;
  }
  const statement = connection.prepare(sql);
  statements.set(sql, statement);
  if (statements.size > MAX_STATEMENTS) {
    for (const [oldest, unused] of statements) {
      statements.delete(oldest);
      unused.finalize();
      break;
    }
  }
  return statement;
}

/** A prepared statement remembers the columns it had, which a changed schema makes wrong. */
function forgetStatements(): void {
  for (const statement of statements.values()) statement.finalize();
  statements.clear();
}

function query(connection: Database, sql: string, parameters: readonly unknown[]): SqliteRows {
  const statement = prepare(connection, sql);
  const bindings = parameters as SQLQueryBindings[];
  if (statement.columnNames.length > 0) {
    return { rows: statement.all(...bindings) as Record<string, unknown>[], changes: null };
  }
  const { changes } = statement.run(...bindings);
  if (CHANGES_SCHEMA.test(sql)) forgetStatements();
  return { rows: [], changes };
}

function runRows(connection: Database, sql: string, json: string): SqliteRows {
  const statement = prepare(connection, sql);
  const rows: SQLQueryBindings[][] = JSON.parse(json);
  let changes = 0;
  for (const row of rows) changes += statement.run(...row).changes;
  return { rows: [], changes };
}

/** Whoever asks has the connection to itself until it is answered, so nothing comes in between while a module loads. */
async function loadAndRun(connection: Database, module: string, input: unknown): Promise<SqliteRows> {
  const task: Task = await import(module);
  tasks.set(module, task);
  return runTask(connection, task, input);
}

function runTask(connection: Database, task: Task, input: unknown): SqliteRows {
  const answer = task.run(
    {
      prepare(sql) {
        const statement = prepare(connection, sql);
        return (values) => statement.run(...values);
      },
    },
    input,
  );
  return { rows: [{ answer }], changes: null };
}

function answer(request: SqliteRequest): SqliteRows | Promise<SqliteRows> {
  if (request.kind === 'open') {
    database = open(request.path);
    return { rows: [], changes: null };
  }
  if (database === null) throw new Error('The database is not open');
  if (request.kind === 'query') {
    if (request.begin !== null) query(database, request.begin, []);
    return query(database, request.sql, request.parameters);
  }
  if (request.kind === 'rows') {
    if (request.begin !== null) query(database, request.begin, []);
    return runRows(database, request.sql, request.rows);
  }
  if (request.kind === 'task') {
    if (request.begin !== null) query(database, request.begin, []);
    const task = tasks.get(request.module);
    return task === undefined
      ? loadAndRun(database, request.module, request.input)
      : runTask(database, task, request.input);
  }
  if (request.kind === 'rollback') {
    // Some failures (a full disk, a failed BEGIN) have already ended the transaction.
    return database.inTransaction ? query(database, 'ROLLBACK', []) : { rows: [], changes: null };
  }
  forgetStatements();
  database.close();
  database = null;
  return { rows: [], changes: null };
}

function failureOf(thrown: unknown): { message: string; code: string | null } {
  if (!(thrown instanceof Error)) return { message: String(thrown), code: null };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
  return { message: thrown.message, code };
}

function reply(id: number, result: SqliteRows): void {
  self.postMessage({ id, result } satisfies SqliteReply);
}

function refuse(id: number, thrown: unknown): void {
  self.postMessage({ id, failure: failureOf(thrown) } satisfies SqliteReply);
}

self.onmessage = ({ data }: MessageEvent<SqliteRequest>) => {
  try {
    const result = answer(data);
    // A promise only while a task is loaded: everything else is answered in this very turn.
    if (!(result instanceof Promise)) return reply(data.id, result);
    result.then(
      (rows) => reply(data.id, rows),
      (thrown) => refuse(data.id, thrown),
    );
  } catch (thrown) {
    refuse(data.id, thrown);
  }
};
