/**
 * Loaded before a program (`--preload`): writes a line to stderr whenever something opens a way out, with the file of ours or the package that
 * did. What the runtime itself does for one of these is told under its own name.
 */
import { Socket } from 'node:net';

const OWNER = /(?:\/(src\/[\w./-]+\.ts)|\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\/)/;

function tell(way: string): void {
  const frames = (new Error(way).stack ?? '').split('\n').filter((line) => !line.includes(import.meta.path));
  const owner = frames.map((line) => OWNER.exec(line)).find((match) => match !== null);
  process.stderr.write(`way-out ${way} ${owner?.[1] ?? owner?.[2] ?? 'somebody unknown'}\n`);
}

const { fetch: realFetch, WebSocket: RealWebSocket } = globalThis;
globalThis.fetch = Object.assign(
  (...args: Parameters<typeof realFetch>) => {
    tell('fetch');
    return realFetch(...args);
  },
  { preconnect: realFetch.preconnect },
);
globalThis.WebSocket = new Proxy(RealWebSocket, {
  construct(target, args) {
    tell('WebSocket');
    return Reflect.construct(target, args) as object;
  },
});

const realConnect = Bun.connect;
Bun.connect = ((...args: Parameters<typeof realConnect>) => {
  tell('Bun.connect');
  return realConnect(...args);
}) as typeof realConnect;

const realSocketConnect = Socket.prototype.connect;
Socket.prototype.connect = function connect(this: Socket, ...args: unknown[]) {
  tell('Socket');
  return Reflect.apply(realSocketConnect, this, args) as Socket;
} as typeof realSocketConnect;
