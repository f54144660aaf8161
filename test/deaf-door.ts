/** A way to PostgreSQL on which everything passes but the connections that wait for notifications, which are never answered. */
import { connect, createServer, type Socket } from 'node:net';

/** How the connection that waits for notifications names itself to PostgreSQL when it begins. */
const LISTENER = 'turnpike listener';

export interface DeafDoor {
  readonly databaseUrl: string;
  readonly listenersHeld: number;
  close(): void;
}

export async function openDeafDoor(databaseUrl: string): Promise<DeafDoor> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let listenersHeld = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    client.once('data', (opening) => {
      if (opening.includes(LISTENER)) {
        listenersHeld += 1;
        return;
      }
      const upstream = connect(Number(target.port), target.hostname);
      keep(upstream);
      upstream.on('close', () => client.destroy());
      client.on('close', () => upstream.destroy());
      upstream.write(opening);
      client.pipe(upstream).pipe(client);
    });
  });
  const { promise: port, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(await port);
  return {
    databaseUrl: url.href,
    get listenersHeld() {
      return listenersHeld;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
