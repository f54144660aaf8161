/** Kysely on SQLite: a driver that sends compiled queries to the worker thread which owns the file. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';
import { moduleUrl } from '../program.ts';
import { RowsParameter } from './bulk.ts';
import { orUnavailable } from './outage.ts';
import type { Begin, SqliteReply, SqliteRequest, SqliteRows } from './sqlite-protocol.ts';
import { TaskParameter } from './task.ts';

/** Not SQLite's own: nobody is there to be asked. */
const CLOSED = 'SQLITE_CLOSED';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

export class SqliteError extends Error {
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.name = 'SqliteError';
    this.code = code;
  }
}

interface Waiting {
  resolve(rows: SqliteRows): void;
  reject(error: Error): void;
}

/** One worker with one connection; it answers in the order it is asked. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: Error | null = null;

  private constructor(onError: (error: Error) => void) {
    this.#worker = new Worker(moduleUrl(new URL('./sqlite-worker.ts', import.meta.url)));
    this.#worker.onmessage = (event: MessageEvent<SqliteReply>) => this.#receive(event.data);
    this.#worker.onerror = (event) => {
      const error = new SqliteError(`The SQLite thread stopped: ${event.message}`, CLOSED);
      this.#die(error);
      onError(error);
    };
  }

  static async open(path: string, onError: (error: Error) => void): Promise<SqliteThread> {
    const thread = new SqliteThread(onError);
    try {
      await thread.#ask({ kind: 'open', path });
      return thread;
    } catch (thrown) {
      thread.#worker.terminate();
      throw thrown;
    }
  }

  query(sql: string, parameters: readonly unknown[], begin: Begin = null): Promise<SqliteRows> {
    return this.#ask({ kind: 'query', sql, parameters, begin });
  }

  /** Runs the statement for each row of a JSON text. */
  queryRows(sql: string, rows: string, begin: Begin): Promise<SqliteRows> {
    return this.#ask({ kind: 'rows', sql, rows, begin });
  }

  runTask({ module, input }: TaskParameter, begin: Begin): Promise<SqliteRows> {
    return this.#ask({ kind: 'task', module, input, begin });
  }

  rollback(): Promise<SqliteRows> {
    return this.#ask({ kind: 'rollback' });
  }

  async close(): Promise<void> {
    if (this.#dead !== null) return;
    const closed = this.#ask({ kind: 'close' });
    this.#dead = new SqliteError('The database is closed', CLOSED);
    try {
      await closed;
    } finally {
      this.#worker.terminate();
    }
  }

  #ask(request: WithoutId<SqliteRequest>): Promise<SqliteRows> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      // First: it throws when a parameter cannot be sent, and then nothing is waited for.
      this.#worker.postMessage({ ...request, id });
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #receive(reply: SqliteReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('result' in reply) waiting?.resolve(reply.result);
    else waiting?.reject(new SqliteError(reply.failure.message, reply.failure.code));
  }

  #die(error: Error): void {
    this.#dead = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #thread: SqliteThread;
  /** BEGIN travels with the transaction's first statement. */
  #beginPending: Begin = null;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  begin(isReadOnly: boolean): void {
    this.#beginPending = isReadOnly ? 'BEGIN' : 'BEGIN IMMEDIATE';
  }

  async commit(): Promise<void> {
    if (this.#takePendingBegin() === null) await answered(this.#thread.query('COMMIT', []));
  }

  async rollback(): Promise<void> {
    if (this.#takePendingBegin() === null) await answered(this.#thread.rollback());
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#ask(query);
    // The caller's row type is Kysely's promise about its own query; no driver can check it.
    const result: QueryResult<R> = { rows: rows as R[] };
    return changes === null ? result : { ...result, numAffectedRows: BigInt(changes) };
  }

  async #ask({ sql, parameters }: CompiledQuery): Promise<SqliteRows> {
    const [first] = parameters;
    const begin = this.#takePendingBegin();
    if (first instanceof TaskParameter) return await answered(this.#thread.runTask(first, begin));
    return await answered(
      first instanceof RowsParameter
        ? this.#thread.queryRows(sql, first.json, begin)
        : this.#thread.query(sql, parameters, begin),
    );
  }

  // biome-ignore lint/correctness/useYield: refuses, as rows cross the threads in one message
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new SqliteError('SQLite does not stream rows here: ask for them in pages', null);
  }

  #takePendingBegin(): Begin {
    const pending = this.#beginPending;
    this.#beginPending = null;
    return pending;
  }
}

async function answered(asking: Promise<SqliteRows>): Promise<SqliteRows> {
  try {
    return await asking;
  } catch (thrown) {
    throw orUnavailable(thrown);
  }
}

/** Kysely lends the one connection to one borrower at a time, so transactions never interleave. */
class SqliteThreadDriver implements Driver {
  readonly #connection: SqliteConnection;

  constructor(thread: SqliteThread) {
    this.#connection = new SqliteConnection(thread);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteConnection> {
    return this.#connection;
  }

  async beginTransaction(connection: SqliteConnection, settings: TransactionSettings): Promise<void> {
    connection.begin(settings.accessMode === 'read only');
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

export function sqliteDialect(thread: SqliteThread): Dialect {
  return {
    createDriver: () => new SqliteThreadDriver(thread),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
