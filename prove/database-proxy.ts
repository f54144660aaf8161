/** Stands in front of PostgreSQL, so that a network can fail between it and a gateway. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class DatabaseProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: URL;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  static async start(databaseUrl: string): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(databaseUrl);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(databaseUrl: string) {
    this.#target = new URL(databaseUrl);
    this.#server = createServer((client) => this.#accept(client));
  }

  /** The database behind it. */
  get databaseUrl(): string {
    const address = this.#server.address();
    const url = new URL(this.#target);
    url.port = typeof address === 'object' && address !== null ? String(address.port) : '';
    return url.href;
  }

  /** `closed`: connections break and none can be made. `silent`: nothing gets through and nobody is told. */
  cut(how: 'closed' | 'silent'): void {
    this.#isCut = true;
    for (const [client, server] of this.#pairs) {
      if (how === 'closed') {
        client.destroy();
        server.destroy();
      } else {
        client.pause();
        server.pause();
      }
    }
  }

  /** What was cut in silence has broken by now. */
  heal(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    server.on('error', () => {});
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.on('data', (bytes) => {
        if (!this.#isCut) to.write(bytes);
      });
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut('closed');
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
