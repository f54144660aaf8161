/** A way to a server that can be closed while it is in use: every connection is cut, and none is taken until it is opened again. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

export interface Door {
  /** The same address by way of the door. */
  urlOf(url: string): string;
  close(): Promise<void>;
  open(): Promise<void>;
}

export async function makeDoor(to: string): Promise<Door> {
  const target = new URL(to);
  const port = await freePort();
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  const take = (client: Socket) => {
    const inner = connect(Number(target.port), target.hostname);
    for (const [socket, peer] of [
      [client, inner],
      [inner, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => peer.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    client.pipe(inner).pipe(client);
  };
  const door: Door = {
    urlOf(url) {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.href;
    },
    async close() {
      const closing = server;
      server = null;
      for (const socket of sockets) socket.destroy();
      if (closing !== null) await new Promise((resolve) => closing.close(resolve));
    },
    async open() {
      if (server !== null) return;
      const opened = createServer(take);
      server = opened;
      await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve));
    },
  };
  await door.open();
  return door;
}
