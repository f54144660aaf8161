/**
 * The provider behind every candidate, as cheap as it can be made: a bare TCP server with prepared answers. Its own process. What it is
 * asked for is told by the path, and by the model: `json` answers at once, `paced` streams until the client leaves, `idle` begins and
 * waits.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket, SocketHandler } from 'bun';
import { ANSWERS, formatOf } from './answers.ts';
import { CERTIFICATES } from './certificates.ts';

const CHUNKS_PER_SECOND = 50;
/** Streams are spread over the ticks of one period, as independent providers would be. */
const TICK_MS = 2;
const PHASES = 1000 / CHUNKS_PER_SECOND / TICK_MS;

interface Connection {
  received: string;
  phase: Phase | null;
}

/** Streams that get their next word at once. */
type Phase = Set<Socket<Connection>>;

/** By the bytes of the word. */
const paced = new Map<Buffer, Phase[]>();
let nextPhase = 0;
let ticks = 0;
const startedAt = performance.now();

setInterval(() => {
  // Late timers are made up for, so that the pace holds.
  for (const due = Math.floor((performance.now() - startedAt) / TICK_MS); ticks < due; ticks++) {
    for (const [chunk, phases] of paced) {
      for (const socket of phases[ticks % PHASES] ?? []) socket.write(chunk);
    }
  }
}, TICK_MS);

/** `request`: its line and its body. */
function answer(socket: Socket<Connection>, request: string): void {
  const { json, begin, chunk } = ANSWERS[formatOf(request.slice(0, request.indexOf('\r\n')))];
  const kind = /bench[/-](json|paced|idle)/.exec(request)?.[1];
  if (kind === 'json' || kind === undefined) {
    socket.write(json);
    return;
  }
  socket.write(Buffer.concat([begin, chunk]));
  if (kind !== 'paced') return;
  let phases = paced.get(chunk);
  if (phases === undefined) {
    phases = Array.from({ length: PHASES }, () => new Set<Socket<Connection>>());
    paced.set(chunk, phases);
  }
  const phase = phases[nextPhase++ % PHASES] ?? null;
  socket.data.phase = phase;
  phase?.add(socket);
}

const SOCKET: SocketHandler<Connection> = {
  open(socket) {
    socket.data = { received: '', phase: null };
  },
  data(socket, bytes) {
    const text = socket.data.received + bytes.toString('latin1');
    const headEnd = text.indexOf('\r\n\r\n');
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
    if (headEnd === -1 || text.length < headEnd + 4 + length) {
      socket.data.received = text;
      return;
    }
    socket.data.received = '';
    answer(socket, text);
  },
  close(socket) {
    socket.data.phase?.delete(socket);
  },
};

/** `tls`: with the certificate of the client's own tests, which is for `localhost`. */
function listen(port: number, tls?: { readonly cert: string; readonly key: string }): void {
  Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port,
    ...(tls === undefined ? {} : { tls }),
    socket: SOCKET,
  });
}

listen(Number(Bun.argv[2]));
listen(Number(Bun.argv[3]), {
  cert: readFileSync(join(CERTIFICATES, 'localhost.pem'), 'utf8'),
  key: readFileSync(join(CERTIFICATES, 'localhost.key'), 'utf8'),
});
console.log('listening');
