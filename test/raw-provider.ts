/**
 * A provider in single bytes: a bare TCP or TLS server that hands each whole request to its script, which answers with whatever
 * it likes, also with what no HTTP server would send. And a reader that writes down what an answer was made of.
 */
import type { Socket, TLSOptions } from 'bun';
import type {
  AnswerHead,
  AnswerReader,
  Exchange,
  UpstreamClient,
  UpstreamFailure,
  UpstreamRequest,
} from '../src/upstream/upstream.ts';

export interface RawRequest {
  /** Request line and fields, with the empty line. */
  readonly head: string;
  readonly body: Buffer;
  /** Counted from 0. */
  readonly connection: number;
  /** On this connection, from 0. */
  readonly index: number;
}

export class RawConnection {
  readonly number: number;
  requests = 0;
  isClosed = false;
  /** What has come of the next request, joined only when it may be whole. */
  readonly parts: Buffer[] = [];
  partBytes = 0;
  wantedBytes = 0;
  readonly #socket: Socket<RawConnection>;
  #unsent: Buffer[] = [];
  #endsAfter = false;

  constructor(socket: Socket<RawConnection>, number: number) {
    this.#socket = socket;
    this.number = number;
  }

  /** Text is Latin-1. */
  write(data: string | Uint8Array): void {
    this.#unsent.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
    this.flush();
  }

  flush(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const written = Math.max(0, this.#socket.write(next));
      if (written < next.length) {
        this.#unsent[0] = next.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#endsAfter) this.#socket.end();
  }

  get unsentBytes(): number {
    return this.#unsent.reduce((sum, part) => sum + part.length, 0);
  }

  /** Closes in order, once everything is written. */
  end(): void {
    this.#endsAfter = true;
    this.flush();
  }

  reset(): void {
    this.#socket.terminate();
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }
}

export interface RawProvider extends Disposable {
  readonly port: number;
  readonly url: string;
  /** All that were opened, in order. */
  readonly connections: RawConnection[];
  readonly requests: RawRequest[];
}

export interface RawScript {
  readonly onRequest?: (request: RawRequest, connection: RawConnection) => void;
  /** Takes the bytes instead, as they come. */
  readonly onBytes?: (bytes: Buffer, connection: RawConnection) => void;
  readonly onOpen?: (connection: RawConnection) => void;
  readonly tls?: TLSOptions;
  readonly hostname?: string;
}

export function rawProvider(script: RawScript): RawProvider {
  const connections: RawConnection[] = [];
  const requests: RawRequest[] = [];
  const server = Bun.listen<RawConnection>({
    hostname: script.hostname ?? '127.0.0.1',
    port: 0,
    ...(script.tls === undefined ? {} : { tls: script.tls }),
    socket: {
      open(socket) {
        socket.data = new RawConnection(socket, connections.length);
        connections.push(socket.data);
        script.onOpen?.(socket.data);
      },
      data(socket, bytes) {
        const connection = socket.data;
        if (script.onBytes !== undefined) {
          script.onBytes(bytes, connection);
          return;
        }
        connection.parts.push(Buffer.from(bytes)); // The socket writes into its own bytes again.
        connection.partBytes += bytes.length;
        for (let request = takeRequest(connection); request !== null; request = takeRequest(connection)) {
          requests.push(request);
          script.onRequest?.(request, connection);
        }
      },
      drain: (socket) => socket.data.flush(),
      close(socket) {
        if (socket.data !== undefined) socket.data.isClosed = true;
      },
      error: () => undefined,
    },
  });
  const scheme = script.tls === undefined ? 'http' : 'https';
  return {
    port: server.port,
    url: `${scheme}://${script.tls === undefined ? '127.0.0.1' : 'localhost'}:${server.port}/v1/chat/completions`,
    connections,
    requests,
    [Symbol.dispose]: () => server.stop(true),
  };
}

function takeRequest(connection: RawConnection): RawRequest | null {
  if (connection.partBytes < connection.wantedBytes) return null;
  const received = Buffer.concat(connection.parts);
  connection.parts.splice(0, connection.parts.length, received);
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const head = received.toString('latin1', 0, headEnd + 4);
  const end = headEnd + 4 + Number(/\r\ncontent-length: ([0-9]+)\r\n/i.exec(head)?.[1] ?? 0);
  connection.wantedBytes = end;
  if (received.length < end) return null;
  connection.parts.splice(0, connection.parts.length, received.subarray(end));
  connection.partBytes = received.length - end;
  connection.wantedBytes = 0;
  connection.requests += 1;
  const body = received.subarray(headEnd + 4, end);
  return { head, body, connection: connection.number, index: connection.requests - 1 };
}

/** A whole answer of that body. */
export function answer(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body, 'latin1')}\r\n${fields}\r\n${body}`;
}

export interface Recorded {
  status: number | null;
  head: AnswerHead | null;
  body: Buffer;
  failure: UpstreamFailure | null;
  /** `head`, `bytes`, `end` and `failure`, in order. */
  readonly events: string[];
}

export class Recorder implements AnswerReader, Recorded {
  status: number | null = null;
  head: AnswerHead | null = null;
  failure: UpstreamFailure | null = null;
  readonly events: string[] = [];
  readonly done: Promise<Recorded>;
  onEach: ((event: string, recorder: Recorder) => void) | undefined;
  readonly #parts: Buffer[] = [];
  #resolve: (recorded: Recorded) => void = () => undefined;

  constructor(onEach?: (event: string, recorder: Recorder) => void) {
    this.onEach = onEach;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get body(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get bodyBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  onHead(head: AnswerHead): void {
    this.head = head;
    this.status = head.status;
    this.#note('head');
  }

  onBytes(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes));
    this.#note('bytes');
  }

  onEnd(): void {
    this.#note('end');
    this.#resolve(this);
  }

  onFailure(failure: UpstreamFailure): void {
    this.failure = failure;
    this.#note('failure');
    this.#resolve(this);
  }

  #note(event: string): void {
    this.events.push(event);
    this.onEach?.(event, this);
  }
}

/** Long enough never to run out in a test that does not mean it. */
export const PATIENT = { firstByteMs: 60_000, idleMs: 60_000, answerMs: null };

export function post(url: string, change: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    url,
    headers: { 'content-type': 'application/json' },
    body: '{"model":"m"}',
    timeouts: PATIENT,
    ...change,
  };
}

export async function exchange(client: UpstreamClient, request: UpstreamRequest): Promise<Recorded> {
  const recorder = new Recorder();
  client.send(request, recorder);
  return await recorder.done;
}

/** Sends, and gives what steers the exchange beside what is written down of it. */
export function begin(
  client: UpstreamClient,
  request: UpstreamRequest,
  onEach?: (event: string, recorder: Recorder) => void,
): { readonly recorder: Recorder; readonly exchange: Exchange } {
  const recorder = new Recorder(onEach);
  return { recorder, exchange: client.send(request, recorder) };
}

/** Polls until it is true; throws after five seconds. */
export async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('It did not come true');
    await Bun.sleep(2);
  }
}
