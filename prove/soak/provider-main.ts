/**
 * The provider of a soak, as cheap as it can be made: a bare TCP server with prepared answers, in a process of its own that outlives
 * every gateway. What it does with a request follows from the number in it; a byte a request says how often it came and whether it
 * was answered to its end.
 *
 * Started with `<seed> <requests>`; tells its port by IPC, and writes its bytes to the file that it is told by IPC.
 */
import type { Socket } from 'bun';
import { DIGITS, MAX_TOKENS, MODEL, numberIn, Orders, tagOf } from './orders.ts';
import { COMPLETE, SEEN_ONCE, SEEN_TIMES } from './seen.ts';

const TICK_MS = 4;
/** How long a client that will leave is kept waiting for a whole answer. */
const LEFT_TICKS = 8;
/** Within the cap that it is given, and slow, so that its client is gone long before the end. */
const LEFT_STREAM_CHUNKS = MAX_TOKENS / 4 - 1;
const LEFT_STREAM_TICKS = 5;

interface Connection {
  /** Of the request that is coming in. */
  received: string;
  /** What did not fit into the socket. */
  unsent: Buffer | null;
  /** The request that waits for a tick. */
  number: number;
  ticks: number;
  /** Between two chunks. */
  pauseTicks: number;
  chunksLeft: number;
}

const orders = new Orders(Number(Bun.argv[2]));
const seen = new Uint8Array(Number(Bun.argv[3]));
const waiting = new Set<Socket<Connection>>();

/** Bytes that fit every request but for a few digits, which are written into them before they are sent. */
class Prepared {
  readonly bytes: Buffer;
  readonly #tagAt: number;
  readonly #promptTokensAt: number;

  constructor(text: string) {
    this.bytes = Buffer.from(text, 'latin1');
    this.#tagAt = text.indexOf(tagOf(0));
    const promptTokensAt = text.indexOf(PROMPT_TOKENS);
    this.#promptTokensAt = promptTokensAt === -1 ? -1 : promptTokensAt + PROMPT_TOKENS.length - 2;
  }

  /** Good until it is asked for the next time. */
  of(number: number): Buffer {
    if (this.#tagAt !== -1) writeDigits(this.bytes, this.#tagAt + tagOf(0).length, number, DIGITS);
    if (this.#promptTokensAt !== -1)
      writeDigits(this.bytes, this.#promptTokensAt + 2, orders.promptTokensOf(number), 2);
    return this.bytes;
  }
}

function writeDigits(bytes: Buffer, end: number, number: number, digits: number): void {
  let rest = number;
  for (let at = end - 1; at >= end - digits; at -= 1) {
    bytes[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

const PROMPT_TOKENS = '"prompt_tokens":10';
/** Four tokens, as its usage counts them. */
const WORDS = ' turn the pike aside';

function usageJson(chunks: number): string {
  return `{${PROMPT_TOKENS},"completion_tokens":${4 * chunks}}`;
}

function answerText(status: string, type: string, body: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\nkeep-alive: timeout=5\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function completionJson(chunks: number): string {
  return (
    `{"id":"chatcmpl-soak","object":"chat.completion","created":1760000000,"model":"${MODEL}","choices":[{"index":0,` +
    `"message":{"role":"assistant","content":"${tagOf(0)}${WORDS.repeat(chunks)}","refusal":null},"logprobs":null,` +
    `"finish_reason":"stop"}],"usage":${usageJson(chunks)}}`
  );
}

function chunkText(delta: string, finishReason: 'stop' | null, usage: string): string {
  const event =
    `data: {"id":"chatcmpl-soak","object":"chat.completion.chunk","created":1760000000,"model":"${MODEL}","choices":[{"index":0,` +
    `"delta":${delta},"logprobs":null,"finish_reason":${JSON.stringify(finishReason)}}],"usage":${usage}}\n\n`;
  return framed(event);
}

function framed(event: string): string {
  return `${event.length.toString(16)}\r\n${event}\r\n`;
}

const MOST_CHUNKS = 10;
const wholes = Array.from(
  { length: MOST_CHUNKS + 1 },
  (_, chunks) => new Prepared(answerText('200 OK', 'application/json', completionJson(chunks))),
);
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nkeep-alive: timeout=5\r\ntransfer-encoding: chunked\r\n\r\n';
const streamStart = new Prepared(
  STREAM_HEAD + chunkText(`{"role":"assistant","content":"${tagOf(0)}"}`, null, 'null'),
);
const CHUNK_TEXT = chunkText(`{"content":"${WORDS}"}`, null, 'null');
const chunk = Buffer.from(CHUNK_TEXT, 'latin1');
function streamEndText(chunks: number): string {
  return `${chunkText('{}', 'stop', usageJson(chunks))}${framed('data: [DONE]\n\n')}0\r\n\r\n`;
}
const streamEnds = Array.from(
  { length: MOST_CHUNKS + 1 },
  (_, chunks) => new Prepared(streamEndText(chunks)),
);
/** Everything but the first chunk at once. */
const streamRests = Array.from(
  { length: MOST_CHUNKS + 1 },
  (_, chunks) => new Prepared(CHUNK_TEXT.repeat(chunks) + streamEndText(chunks)),
);
const streamError = Buffer.from(
  `${framed('data: {"error":{"message":"overloaded","code":502}}\n\n')}0\r\n\r\n`,
  'latin1',
);

function errorText(status: string, type: string): Buffer {
  const body = JSON.stringify({ error: { message: 'As it was told.', type, code: type } });
  return Buffer.from(answerText(status, 'application/json', body), 'latin1');
}
const error500 = errorText('500 Internal Server Error', 'server_error');
const error429 = errorText('429 Too Many Requests', 'rate_limit_exceeded');
const garbage = Buffer.from(
  answerText('200 OK', 'application/json', '{"id":"chatcmpl-soak","choi'),
  'latin1',
);

/** The kernel takes all of it at once, as a rule. */
function send(socket: Socket<Connection>, bytes: Buffer): void {
  const { data } = socket;
  if (data.unsent !== null) {
    data.unsent = Buffer.concat([data.unsent, bytes]);
    return;
  }
  const written = socket.write(bytes);
  if (written < bytes.length) data.unsent = Buffer.from(bytes.subarray(Math.max(0, written)));
}

function complete(socket: Socket<Connection>, number: number, bytes: Buffer): void {
  send(socket, bytes);
  seen[number] = (seen[number] ?? 0) | COMPLETE;
}

function wait(socket: Socket<Connection>, number: number, ticks: number, chunksLeft: number): void {
  Object.assign(socket.data, { number, ticks, pauseTicks: ticks, chunksLeft });
  waiting.add(socket);
}

function answer(socket: Socket<Connection>, text: string): void {
  const number = numberIn(text);
  if (number === null || number >= seen.length) {
    // Asked for beside the numbered load.
    send(socket, (wholes[1] as Prepared).of(0));
    return;
  }
  const kind = orders.kindOf(number);
  if (kind === 'fallback' && !text.startsWith('POST /spare/')) {
    send(socket, error500);
    return;
  }
  const before = seen[number] ?? 0;
  if ((before & SEEN_TIMES) < SEEN_TIMES) seen[number] = before + SEEN_ONCE;
  const chunks = orders.chunksOf(number);
  switch (kind) {
    case 'stream':
    case 'textStream':
      send(socket, streamStart.of(number));
      if (number % 2 === 0) complete(socket, number, (streamRests[chunks] as Prepared).of(number));
      else wait(socket, number, 0, chunks);
      return;
    case 'error500':
      return complete(socket, number, error500);
    case 'error429':
      return complete(socket, number, error429);
    case 'garbage':
      return complete(socket, number, garbage);
    case 'reset': {
      const { bytes } = wholes[chunks] as Prepared;
      send(socket, bytes.subarray(0, bytes.length >> 1));
      socket.terminate();
      return;
    }
    case 'truncatedStream':
      send(socket, streamStart.of(number));
      send(socket, chunk);
      socket.end();
      return;
    case 'streamError':
      send(socket, streamStart.of(number));
      send(socket, chunk);
      return complete(socket, number, streamError);
    case 'leftStream':
      send(socket, streamStart.of(number));
      return wait(socket, number, LEFT_STREAM_TICKS, LEFT_STREAM_CHUNKS);
    case 'leftWhole':
      return wait(socket, number, LEFT_TICKS, 0);
    default:
      return complete(socket, number, (wholes[chunks] as Prepared).of(number));
  }
}

setInterval(() => {
  for (const socket of waiting) {
    const { data } = socket;
    if (data.ticks > 0) {
      data.ticks -= 1;
      continue;
    }
    if (data.chunksLeft > 0) {
      data.chunksLeft -= 1;
      data.ticks = data.pauseTicks;
      send(socket, chunk);
      continue;
    }
    waiting.delete(socket);
    const isWhole = orders.kindOf(data.number) === 'leftWhole';
    const ends = isWhole ? wholes : streamEnds;
    complete(socket, data.number, (ends[orders.chunksOf(data.number)] as Prepared).of(data.number));
  }
}, TICK_MS);

const listener = Bun.listen<Connection>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      socket.data = { received: '', unsent: null, number: 0, ticks: 0, pauseTicks: 0, chunksLeft: 0 };
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
    drain(socket) {
      const { unsent } = socket.data;
      socket.data.unsent = null;
      if (unsent !== null) send(socket, unsent);
    },
    close(socket) {
      waiting.delete(socket);
    },
  },
});

process.on('message', async (path: string) => {
  await Bun.write(path, seen);
  process.send?.('saved');
});
process.send?.(listener.port);
