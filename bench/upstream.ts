/**
 * The provider behind every candidate, as cheap as it can be made: a bare TCP server with three prepared answers. Its own
 * process, told apart by the model: `json` answers at once, `paced` streams until the client leaves, `idle` begins and waits.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket, SocketHandler } from 'bun';
import { CERTIFICATES } from './certificates.ts';

const CHUNKS_PER_SECOND = 50;
/** Streams are spread over the ticks of one period, as independent providers would be. */
const TICK_MS = 2;
const PHASES = 1000 / CHUNKS_PER_SECOND / TICK_MS;

interface Connection {
  received: string;
  phase: number | null;
}

const completion = JSON.stringify({
  id: 'chatcmpl-Bq1YwTgR2sXyPzA7mQ0nLkJh',
  object: 'chat.completion',
  created: 1760000000,
  model: 'bench-json-2026',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content:
          'A turnpike is a road whose users pay for the stretch they travel. The name comes from the spiked barrier ' +
          'that was turned aside once the toll was paid.',
        refusal: null,
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 61,
    completion_tokens: 34,
    total_tokens: 95,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  system_fingerprint: 'fp_44709d6fcb',
});
const chunk = JSON.stringify({
  id: 'chatcmpl-Bq1YwTgR2sXyPzA7mQ0nLkJh',
  object: 'chat.completion.chunk',
  created: 1760000000,
  model: 'bench-paced-2026',
  system_fingerprint: 'fp_44709d6fcb',
  choices: [{ index: 0, delta: { content: ' turnpike' }, logprobs: null, finish_reason: null }],
  usage: null,
});

const event = `data: ${chunk}\n\n`;
const eventBytes = Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`);
const jsonBytes = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${completion.length}\r\n\r\n${completion}`,
);
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
);

const phases = Array.from({ length: PHASES }, () => new Set<Socket<Connection>>());
let nextPhase = 0;
let ticks = 0;
const startedAt = performance.now();

setInterval(() => {
  // Late timers are made up for, so that the pace holds.
  for (const due = Math.floor((performance.now() - startedAt) / TICK_MS); ticks < due; ticks++) {
    for (const socket of phases[ticks % PHASES] ?? []) socket.write(eventBytes);
  }
}, TICK_MS);

function answer(socket: Socket<Connection>, body: string): void {
  if (body.includes('bench/json')) {
    socket.write(jsonBytes);
    return;
  }
  socket.write(Buffer.concat([streamHead, eventBytes]));
  if (!body.includes('bench/paced')) return;
  const phase = nextPhase++ % PHASES;
  socket.data.phase = phase;
  phases[phase]?.add(socket);
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
    answer(socket, text.slice(headEnd + 4));
  },
  close(socket) {
    if (socket.data.phase !== null) phases[socket.data.phase]?.delete(socket);
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
