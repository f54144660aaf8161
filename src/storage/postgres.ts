/** PostgreSQL's side: a pool whose 64-bit integers arrive as bigint, and a listener that comes back after a cut. */
import pg from 'pg';

const POOL_SIZE = 10;
const CONNECTION_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Longer than the server's own limit: it only speaks when the network swallowed the answer. */
const QUERY_TIMEOUT_MS = 35_000;
const IDLE_TRANSACTION_TIMEOUT_MS = 30_000;
const RECONNECT_DELAY_MS = 500;

/**
 * A server that is set to answer before a commit is on its disk loses the last ones with its power, when our journal has let go
 * of them already. Its other settings are about replicas: those stay the operator's.
 */
const WAIT_FOR_DISK = `
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

const INT8 = 20;
const NUMERIC = 1700;
const INTEGER = /^-?\d+$/;

export class DatabaseUrlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUrlError';
  }
}

/** Checked before the driver sees it, because the driver's own complaint repeats the text with its password. */
export function checkDatabaseUrl(databaseUrl: string): void {
  if (!/^postgres(?:ql)?:\/\//.test(databaseUrl)) {
    throw new DatabaseUrlError('The database URL must begin with postgres:// or postgresql://');
  }
  if (!URL.canParse(databaseUrl)) {
    throw new DatabaseUrlError(
      'The database URL is not a valid URL (is a character of the password unescaped?)',
    );
  }
}

/** sum() of a bigint column is NUMERIC and count() is int8; both come as text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return (text: string) => BigInt(text);
    if (oid === NUMERIC) return (text: string) => (INTEGER.test(text) ? BigInt(text) : Number(text));
    return pg.types.getTypeParser(oid, format);
  }) as pg.CustomTypesConfig['getTypeParser'],
};

export function openPool(databaseUrl: string, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'turnpike',
    types,
    onConnect: (client) => client.query(WAIT_FOR_DISK),
  });
  // Without a listener, a cut of an idle connection would end the process.
  pool.on('error', onError);
  return pool;
}

export interface Listener {
  stop(): Promise<void>;
}

/** Its own connection, as a pooled one would be handed to others. `onNotice` is also called after every (re)connection, with nothing. */
export function listen(options: {
  databaseUrl: string;
  channel: string;
  onNotice: (payload?: string) => void;
  onError: (error: Error) => void;
}): Listener {
  let stopped = false;
  let client: pg.Client | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function connect(): Promise<void> {
    const opened = new pg.Client({
      connectionString: options.databaseUrl,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'turnpike listener',
    });
    client = opened;
    let lost = false;
    const lose = (error: Error) => {
      if (lost || stopped) return;
      lost = true;
      options.onError(error);
      opened.end().catch(() => {});
      timer = setTimeout(connect, RECONNECT_DELAY_MS);
    };
    opened.on('error', lose);
    opened.on('end', () => lose(new Error('The listening connection to PostgreSQL was closed')));
    opened.on('notification', ({ payload }) => options.onNotice(payload));
    try {
      await opened.connect();
      await opened.query(`LISTEN ${opened.escapeIdentifier(options.channel)}`);
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
      await client?.end().catch(() => {});
    },
  };
}
