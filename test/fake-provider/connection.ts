// One client's socket: hands requests over one by one, writes with backpressure, ends or resets on command.
// Raw TCP rather than Bun.serve, which can neither reset a connection nor cut a frame in its middle.
import type { Socket } from 'bun';
import { HttpParser, type HttpRequest } from './http-parser.ts';

const REASONS: Record<number, string> = { 100: 'Continue', 200: 'OK', 302: 'Found', 400: 'Bad Request' };

const RESET_PAUSE_MS = 10;

export class Connection {
  readonly #socket: Socket<unknown>;
  readonly #parser: HttpParser;
  readonly #onRequest: (connection: Connection, request: HttpRequest) => void;
  #unsent: Buffer | undefined;
  #whenDrained: (() => void) | undefined;
  #current: HttpRequest | undefined;
  #onLeave: (() => void) | undefined;
  #isClosed = false;
  #isEnding = false;

  constructor(socket: Socket<unknown>, onRequest: (connection: Connection, request: HttpRequest) => void) {
    this.#socket = socket;
    this.#onRequest = onRequest;
    this.#parser = new HttpParser(() => this.write('HTTP/1.1 100 Continue\r\n\r\n'));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the kernel took everything written so far. */
  get isDrained(): boolean {
    return this.#unsent === undefined;
  }

  receive(bytes: Buffer): void {
    this.#parser.push(bytes);
    this.#takeRequest();
  }

  /** `task` runs if the client closes before `finish`. */
  onLeave(task: () => void): void {
    this.#onLeave = task;
  }

  /** `task` runs once the kernel took everything; at once if it has. */
  whenDrained(task: () => void): void {
    if (this.#unsent === undefined) task();
    else this.#whenDrained = task;
  }

  writeHead(status: number, headers: Readonly<Record<string, string>>): void {
    let head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\ndate: ${new Date().toUTCString()}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    if (this.#current?.keepsAlive === false) head += 'connection: close\r\n';
    this.write(`${head}\r\n`);
  }

  write(data: string | Buffer): void {
    if (this.#isClosed || this.#isEnding || data.length === 0) return;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (this.#unsent !== undefined) {
      this.#unsent = Buffer.concat([this.#unsent, bytes]);
      return;
    }
    const taken = Math.max(0, this.#socket.write(bytes));
    if (taken < bytes.length) this.#unsent = bytes.subarray(taken);
  }

  drained(): void {
    if (this.#unsent === undefined || this.#isClosed) return;
    const taken = Math.max(0, this.#socket.write(this.#unsent));
    this.#unsent = taken < this.#unsent.length ? this.#unsent.subarray(taken) : undefined;
    if (this.#unsent !== undefined) return;
    const task = this.#whenDrained;
    this.#whenDrained = undefined;
    task?.();
  }

  /** The answer is whole: the next request may come. */
  finish(): void {
    const keepsAlive = this.#current?.keepsAlive === true;
    this.#onLeave = undefined;
    this.#current = undefined;
    if (!keepsAlive) this.end();
    else queueMicrotask(() => this.#takeRequest());
  }

  /** Closes in order, whether the answer is whole or not, after what was written. */
  end(): void {
    this.#onLeave = undefined;
    this.whenDrained(() => {
      if (this.#isClosed) return;
      this.#isEnding = true;
      this.#socket.end();
    });
  }

  /** Closes with a TCP reset, a little later: a reset makes the peer's kernel drop what was not read yet. */
  reset(): void {
    this.#onLeave = undefined;
    this.whenDrained(() => setTimeout(() => this.#socket.terminate(), RESET_PAUSE_MS));
  }

  closed(): void {
    this.#isClosed = true;
    this.#unsent = undefined;
    this.#whenDrained = undefined;
    const task = this.#onLeave;
    this.#onLeave = undefined;
    task?.();
  }

  #takeRequest(): void {
    if (this.#current !== undefined || this.#isClosed || this.#isEnding) return;
    try {
      this.#current = this.#parser.next();
    } catch {
      this.writeHead(400, { 'content-length': '0', connection: 'close' });
      this.end();
      return;
    }
    if (this.#current !== undefined) this.#onRequest(this, this.#current);
  }
}
