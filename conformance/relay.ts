/**
 * Stands between a client and Turnpike, passes every byte on as it is, and writes down what was asked and answered: how often a client
 * tries is seen here, also of requests that no provider hears of. Works for WebSockets too, whose first request is HTTP.
 */
import { createServer, connect as dial, type Socket } from 'node:net';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Null until it is answered. */
  status: number | null;
}

export interface Relay extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What was asked since the last call, in order. */
  take(): readonly Asked[];
}

const REQUEST = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+) HTTP\/1\.1\r\n/;
const RESPONSE = /^HTTP\/1\.1 (\d{3})[ \r]/;
/** Longer than the request line of any client here. */
const HEAD_BYTES = 2048;

/** `target`: the origin of the gateway, `http://127.0.0.1:<port>`. */
export async function startRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  let asked: Asked[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const gateway = dial(Number(port), hostname);
    const waiting: Asked[] = [];
    client.on('data', (bytes: Buffer) => {
      const request = readRequest(bytes);
      if (request === null) return;
      waiting.push(request);
      asked.push(request);
    });
    gateway.on('data', (bytes: Buffer) => {
      const status = readStatus(bytes);
      // 100 Continue answers nothing yet.
      if (status !== null && status !== 100) settle(waiting.shift(), status);
    });
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroySoon();
      });
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the relay has no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = asked;
      asked = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

function settle(request: Asked | undefined, status: number): void {
  if (request !== undefined) request.status = status;
}

/** A request begins with a packet: the clients here wait for an answer before they ask again on a connection. */
export function readRequest(bytes: Buffer): Asked | null {
  const found = REQUEST.exec(bytes.toString('latin1', 0, HEAD_BYTES));
  return found === null ? null : { method: found[1] ?? '', path: found[2] ?? '', status: null };
}

export function readStatus(bytes: Buffer): number | null {
  const found = RESPONSE.exec(bytes.toString('latin1', 0, 16));
  return found === null ? null : Number(found[1]);
}
