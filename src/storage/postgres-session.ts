/**
 * What every statement on PostgreSQL runs under (time-outs, commits that wait for the disk), also behind a connection pooler such as
 * PgBouncer, and what becomes of a connection that failed.
 *
 * A pooler refuses startup parameters that it does not know, and in transaction mode it gives the server's connection to another
 * client after every transaction: settings of a session are then lost, or worse, another client's. So nothing is asked for at the
 * startup; a direct connection is set once, and behind a pooler every transaction sets its own with SET LOCAL, which ends with it.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { orUnavailable } from './outage.ts';

export const STATEMENT_TIMEOUT_MS = 30_000;
/**
 * For a lock that another holds: a table under somebody's migration, a row in a transaction that was left open. Whoever manages keys
 * should learn of it as soon as of a database that is away, and not hold a connection meanwhile.
 */
const LOCK_TIMEOUT_MS = 3000;
const IDLE_TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * A server that is set to answer before a commit is on its disk loses the last ones with its power, when our journal has let go
 * of them already. Its other settings are about replicas: those stay the operator's.
 */
const COMMITS_LEAVE_DISK_WAITING = `current_setting('synchronous_commit') = 'off'`;

/** One message, so that it costs no further round trip. */
const LOCAL_SETTINGS = [
  `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
  `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
  `SET LOCAL idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_TIMEOUT_MS}`,
  `SELECT set_config('synchronous_commit', 'on', true) WHERE ${COMMITS_LEAVE_DISK_WAITING}`,
].join('; ');

const poolerBefore = new WeakMap<object, boolean>();

/** Sets a new connection's session, in one statement that does nothing behind a pooler. */
export async function prepareSession(client: pg.ClientBase): Promise<void> {
  const { rowCount } = await client.query(`
    SELECT set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', false),
      set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', false),
      set_config('idle_in_transaction_session_timeout', '${IDLE_TRANSACTION_TIMEOUT_MS}', false),
      CASE WHEN ${COMMITS_LEAVE_DISK_WAITING} THEN set_config('synchronous_commit', 'on', false) END
    WHERE pg_backend_pid() = ${greetedBy(client)}`);
  poolerBefore.set(client, rowCount === 0);
}

export async function isBehindPooler(client: pg.ClientBase): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT 1 WHERE pg_backend_pid() = ${greetedBy(client)}`);
  return rowCount === 0;
}

/** The process that PostgreSQL names when a connection begins (BackendKeyData); a pooler makes a number up, or sends none. */
function greetedBy(client: pg.ClientBase): number {
  const { processID } = client as { processID?: unknown };
  return typeof processID === 'number' ? processID : 0;
}

/** As Kysely uses a pool. Failures come out as `orUnavailable` has them. */
export class GuardedPool implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #guarded = new WeakMap<object, PostgresPoolClient>();
  #ending: Promise<void> | null = null;
  isBehindPooler = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  get options(): PostgresPool['options'] {
    return this.#pool.options;
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#pool.connect().catch((thrown: unknown) => {
      throw orUnavailable(thrown);
    });
    const known = this.#guarded.get(client);
    if (known !== undefined) return known;
    const isPooled = poolerBefore.get(client) === true;
    this.isBehindPooler = isPooled;
    // Lent out it has no listener of the pool's, and a cut between two statements would end the process.
    client.on('error', () => undefined);
    // Kysely was given no cursors, so it asks with texts alone.
    const guarded = new GuardedClient(client, isPooled) as unknown as PostgresPoolClient;
    this.#guarded.set(client, guarded);
    return guarded;
  }

  end(): Promise<void> {
    this.#ending ??= this.#pool.end();
    return this.#ending;
  }
}

const BEGINS = /^(?:begin|start transaction)/;
const ENDS = /^(?:commit|rollback)$/;

/** One connection while it is lent out. The statements that Kysely itself writes are in lower case. */
class GuardedClient {
  readonly #client: pg.PoolClient;
  readonly #isPooled: boolean;
  #inTransaction = false;
  /** It may still wait for an answer, which the next borrower must not be given. */
  #isBroken = false;

  constructor(client: pg.PoolClient, isPooled: boolean) {
    this.#client = client;
    this.#isPooled = isPooled;
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    if (BEGINS.test(sql)) {
      this.#inTransaction = true;
      return await this.#send(this.#isPooled ? `${sql}; ${LOCAL_SETTINGS}` : sql);
    }
    if (ENDS.test(sql)) {
      this.#inTransaction = false;
      return await this.#send(sql);
    }
    if (this.#inTransaction || !this.#isPooled) return await this.#send(sql, parameters);
    return await this.#sendAlone(sql, parameters);
  }

  release(isDiscarded: boolean): void {
    this.#client.release(isDiscarded || this.#isBroken);
  }

  /** A single statement behind a pooler: a transaction of its own, or it would run without any time-out. */
  async #sendAlone(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    await this.#send(`begin isolation level read committed; ${LOCAL_SETTINGS}`);
    try {
      const result = await this.#send(sql, parameters);
      await this.#send('commit');
      return result;
    } catch (thrown) {
      if (!this.#isBroken) await this.#send('rollback').catch(() => undefined);
      throw thrown;
    }
  }

  async #send(sql: string, parameters?: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      // Without parameters it goes as one simple message, which may hold several statements.
      return await (parameters === undefined
        ? this.#client.query(sql)
        : this.#client.query(sql, [...parameters]));
    } catch (thrown) {
      // An error that the server sent leaves the connection in order; whatever else went wrong does not.
      if (!(thrown instanceof Error && 'severity' in thrown)) this.#isBroken = true;
      throw orUnavailable(thrown);
    }
  }
}
