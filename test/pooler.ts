/**
 * A connection pooler before PostgreSQL that behaves as PgBouncer does with its default settings: it refuses startup parameters it
 * does not know, answers the greeting itself, and in transaction mode hands every transaction to another server connection than
 * the one before, so that whatever a program leaves behind in a session is missing in the next, or turns up in a stranger's.
 * The messages are those of PostgreSQL's protocol 3.0 (its manual, "Message Formats").
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export type PoolMode = 'session' | 'transaction';

export interface Pooler {
  /** The same database by way of the pooler. */
  urlOf(databaseUrl: string): string;
  /** How many transactions went to how many server connections so far. */
  readonly transactions: number;
  readonly serverConnections: number;
  stop(): Promise<void>;
}

const KNOWN_PARAMETERS = new Set([
  ...['user', 'database', 'client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings'],
  ...['application_name', 'intervalstyle'],
]);
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

export async function startPooler(postgresUrl: string, mode: PoolMode): Promise<Pooler> {
  const { hostname, port } = new URL(postgresUrl);
  const pools = new Map<string, ServerPool>();
  const clients = new Set<ClientSide>();
  let transactions = 0;
  const poolOf = (user: string, database: string): ServerPool => {
    const name = `${user} ${database}`;
    const pool = pools.get(name) ?? new ServerPool(() => greet(hostname, Number(port), user, database));
    pools.set(name, pool);
    return pool;
  };
  const server = createServer((socket) => {
    const client = new ClientSide(socket, mode, poolOf, () => {
      transactions += 1;
    });
    clients.add(client);
    socket.on('close', () => clients.delete(client));
  });
  const listening = await listen(server);
  return {
    urlOf(databaseUrl) {
      const url = new URL(databaseUrl);
      url.hostname = '127.0.0.1';
      url.port = String(listening);
      return url.href;
    },
    get transactions() {
      return transactions;
    },
    get serverConnections() {
      return [...pools.values()].reduce((sum, pool) => sum + pool.opened, 0);
    },
    async stop() {
      for (const client of clients) client.socket.destroy();
      for (const pool of pools.values()) pool.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The server connections of one user and database, lent in turn. */
class ServerPool {
  opened = 0;
  readonly #greet: () => Promise<ServerSide>;
  readonly #idle: ServerSide[] = [];
  readonly #all = new Set<ServerSide>();

  constructor(greeted: () => Promise<ServerSide>) {
    this.#greet = greeted;
  }

  /** The one that was idle longest, and a new one as long as there are fewer than three: so two in a row are never the same. */
  async take(): Promise<ServerSide> {
    if (this.opened < 3) {
      this.opened += 1;
      return await this.#made();
    }
    for (let side = this.#idle.shift(); side !== undefined; side = this.#idle.shift()) {
      if (!side.socket.destroyed) return side;
    }
    return await this.#made();
  }

  give(side: ServerSide): void {
    side.onMessage = () => undefined;
    if (!side.socket.destroyed) this.#idle.push(side);
  }

  end(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  async #made(): Promise<ServerSide> {
    const side = await this.#greet();
    this.#all.add(side);
    side.socket.on('close', () => this.#all.delete(side));
    return side;
  }
}

class ServerSide {
  readonly socket: Socket;
  onMessage: (type: string, message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    const take = messages((type, message) => this.onMessage(type, message));
    socket.on('data', take);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.onClose());
  }
}

class ClientSide {
  readonly socket: Socket;
  readonly #mode: PoolMode;
  readonly #poolOf: (user: string, database: string) => ServerPool;
  readonly #onTransaction: () => void;
  #pool: ServerPool | null = null;
  #server: ServerSide | null = null;
  #isTaking = false;
  #waiting: Buffer[] = [];
  /** Messages that the server answers with ReadyForQuery, and has not yet. */
  #unanswered = 0;

  constructor(
    socket: Socket,
    mode: PoolMode,
    poolOf: (user: string, database: string) => ServerPool,
    onTransaction: () => void,
  ) {
    this.socket = socket;
    this.#mode = mode;
    this.#poolOf = poolOf;
    this.#onTransaction = onTransaction;
    let head: Buffer = Buffer.alloc(0);
    const take = messages((type, message) => this.#asked(type, message));
    socket.on('data', (bytes: Buffer) => {
      if (this.#pool !== null) return take(bytes);
      head = Buffer.concat([head, bytes]);
      while (this.#pool === null && head.length >= 8 && head.length >= head.readInt32BE(0)) {
        const length = head.readInt32BE(0);
        this.#greeted(head.subarray(0, length));
        head = head.subarray(length);
      }
      if (this.#pool !== null && head.length > 0) take(head);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#left());
  }

  #greeted(packet: Buffer): void {
    const code = packet.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.socket.write('N');
      return;
    }
    if (code === CANCEL_REQUEST) {
      this.socket.destroy();
      return;
    }
    const texts = packet.subarray(8).toString('utf8').split('\0');
    const parameters = new Map<string, string>();
    for (let at = 0; at + 1 < texts.length && texts[at] !== ''; at += 2)
      parameters.set(texts[at] ?? '', texts[at + 1] ?? '');
    const unknown = [...parameters.keys()].find((name) => !KNOWN_PARAMETERS.has(name.toLowerCase()));
    if (unknown !== undefined) {
      this.socket.end(failure(`unsupported startup parameter: ${unknown}`));
      return;
    }
    const user = parameters.get('user') ?? '';
    this.#pool = this.#poolOf(user, parameters.get('database') ?? user);
    const numbers = Buffer.alloc(8);
    numbers.writeInt32BE(0x7ffffff0, 0);
    this.socket.write(
      Buffer.concat([
        framed('R', Buffer.alloc(4)),
        framed('S', Buffer.from('server_version\x0018.0\0')),
        framed('S', Buffer.from('client_encoding\0UTF8\0')),
        framed('S', Buffer.from('standard_conforming_strings\0on\0')),
        framed('K', numbers),
        framed('Z', Buffer.from('I')),
      ]),
    );
  }

  #asked(type: string, message: Buffer): void {
    if (type === 'X') {
      this.socket.end();
      return;
    }
    if (type === 'Q' || type === 'S') this.#unanswered += 1;
    if (this.#server !== null) this.#server.socket.write(message);
    else {
      this.#waiting.push(message);
      if (!this.#isTaking) void this.#take();
    }
  }

  async #take(): Promise<void> {
    this.#isTaking = true;
    const server = await this.#pool?.take().catch(() => null);
    this.#isTaking = false;
    if (server == null) {
      this.socket.end(failure('pgbouncer cannot connect to server'));
      return;
    }
    this.#onTransaction();
    this.#server = server;
    server.onMessage = (type, message) => this.#answered(type, message);
    server.onClose = () => this.socket.destroy();
    if (this.socket.destroyed) return this.#left();
    for (const message of this.#waiting) server.socket.write(message);
    this.#waiting = [];
  }

  #answered(type: string, message: Buffer): void {
    this.socket.write(message);
    if (type !== 'Z') return;
    this.#unanswered -= 1;
    const isIdle = message[5] === 'I'.charCodeAt(0);
    if (this.#mode === 'transaction' && isIdle && this.#unanswered === 0) this.#release();
  }

  #release(): void {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.onClose = () => undefined;
    this.#pool?.give(server);
  }

  /** In the middle of a transaction, or with a session of its own: the server's connection goes with its client. */
  #left(): void {
    this.#server?.socket.destroy();
    this.#server = null;
  }
}

/** Opens a connection to the server as PgBouncer does, with nothing but its user and database. */
async function greet(host: string, port: number, user: string, database: string): Promise<ServerSide> {
  const socket = connect(port, host);
  const side = new ServerSide(socket);
  const ready = Promise.withResolvers<void>();
  side.onMessage = (type) => {
    if (type === 'Z') ready.resolve();
    if (type === 'E') ready.reject(new Error('the server refused'));
  };
  side.onClose = () => ready.reject(new Error('the server closed the connection'));
  socket.on('connect', () => {
    const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`);
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4, 0);
    socket.write(Buffer.concat([length, body]));
  });
  await ready.promise;
  return side;
}

/** Cuts a stream of bytes into messages: a letter, a length that counts itself, and the rest. */
function messages(onMessage: (type: string, message: Buffer) => void): (bytes: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (bytes) => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    while (pending.length >= 5) {
      const length = pending.readInt32BE(1) + 1;
      if (pending.length < length) return;
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      onMessage(String.fromCharCode(message[0] ?? 0), message);
    }
  };
}

function framed(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** As PgBouncer refuses: fatal, and nearly always with this code. */
function failure(message: string): Buffer {
  return framed('E', Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`));
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
  return await promise;
}
