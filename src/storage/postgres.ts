/** PostgreSQL's side: a pool whose 64-bit integers arrive as bigint, and a listener that comes back after a cut. */
import pg from 'pg';
import { HEARD_EVERY_MS, LISTENER } from './nodes.ts';
import { GuardedPool, isBehindPooler, prepareSession, STATEMENT_TIMEOUT_MS } from './postgres-session.ts';

const POOL_SIZE = 10;
/** For a connection, new or free: whoever manages keys should learn within three seconds that the database is away. */
const CONNECTION_TIMEOUT_MS = 3000;
/** Longer than the server's own limit: it only speaks when the network swallowed the answer. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5000;
const RECONNECT_DELAY_MS = 500;

const INT8 = 20;
const NUMERIC = 1700;
const INTEGER = /^-?\d+$/;

/** sum() of a bigint column is NUMERIC and count() is int8; both come as text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return (text: string) => BigInt(text);
    if (oid === NUMERIC) return (text: string) => (INTEGER.test(text) ? BigInt(text) : Number(text));
    return pg.types.getTypeParser(oid, format);
  }) as pg.CustomTypesConfig['getTypeParser'],
};

export function openPool(databaseUrl: string, onError: (error: Error) => void): GuardedPool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'turnpike',
    types,
    onConnect: prepareSession,
  });
  // Without a listener, a cut of an idle connection would end the process.
  pool.on('error', onError);
  return new GuardedPool(pool);
}

/** One statement, without the time-outs that a request needs. */
export async function runLong(databaseUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'turnpike maintenance',
  });
  // Whoever awaits the statement is told.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 60000');
    await client.query(statement);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

export interface Listener {
  stop(): Promise<void>;
}

/**
 * Its own connection, as a pooled one would be handed to others. `onNotice` is also called after every (re)connection, with nothing.
 * Behind a connection pooler nothing is listened to: in transaction mode the server's connection goes to other clients after each
 * transaction, and the notices with it. What is told this way is also polled for.
 */
export function listen(options: {
  databaseUrl: string;
  /** What the connection is called. */
  name?: string | undefined;
  channel: string;
  onNotice: (payload?: string) => void;
  onError: (error: Error) => void;
}): Listener {
  let stopped = false;
  let client: pg.Client | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let hearing: ReturnType<typeof setInterval> | undefined;

  async function connect(): Promise<void> {
    const opened = new pg.Client({
      connectionString: options.databaseUrl,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      keepAlive: true,
      application_name: options.name ?? LISTENER,
    });
    client = opened;
    let lost = false;
    const lose = (error: Error) => {
      if (lost || stopped) return;
      lost = true;
      options.onError(error);
      clearInterval(hearing);
      opened.end().catch(() => {});
      timer = setTimeout(connect, RECONNECT_DELAY_MS);
    };
    opened.on('error', lose);
    opened.on('end', () => lose(new Error('The listening connection to PostgreSQL was closed')));
    opened.on('notification', ({ payload }) => options.onNotice(payload));
    try {
      await opened.connect();
      if (await isBehindPooler(opened)) {
        stopped = true;
        await opened.end();
      } else {
        await opened.query(`LISTEN ${opened.escapeIdentifier(options.channel)}`);
        if (!stopped) hearing = keepHeard(opened, lose);
      }
    } catch (thrown) {
      lose(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return;
    }
    options.onNotice();
  }

  const first = connect();
  return {
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await first;
      clearInterval(hearing);
      await client?.end().catch(() => {});
    },
  };
}

/**
 * Says something now and then: so the database can tell that this node runs, and a connection that a firewall has forgotten is noticed,
 * on which notices would never come.
 */
function keepHeard(client: pg.Client, lose: (error: Error) => void): ReturnType<typeof setInterval> {
  let isAsked = false;
  return setInterval(() => {
    if (isAsked) {
      lose(new Error('The listening connection to PostgreSQL does not answer'));
      return;
    }
    isAsked = true;
    client.query('SELECT 1').then(
      () => {
        isAsked = false;
      },
      (error: unknown) => lose(error instanceof Error ? error : new Error(String(error))),
    );
  }, HEARD_EVERY_MS);
}
