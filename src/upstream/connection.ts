/**
 * One connection to an origin, with one request at a time on it. It alone opens sockets. It gives itself back to its pool only
 * after an answer that was framed exactly, had nothing behind it, and came after the whole request was written; every other
 * end closes it.
 */
import { isIP } from 'node:net';
import type { Socket, SocketHandler } from 'bun';
import type { AnswerFields } from './answer-fields.ts';
import { descriptorShortage } from './descriptors.ts';
import type { OwnExchange } from './exchange.ts';
import { MalformedAnswer } from './malformed-answer.ts';
import type { Origin } from './origin.ts';
import { type AnswerSink, ResponseParser } from './response-parser.ts';
import { failure } from './upstream.ts';

/** The protocol list of RFC 7301: each name behind its length. Without the length the runtime sends none at all. */
const ALPN_HTTP_1_1 = '\x08http/1.1';
/** A peer that vanished without a word (a machine that lost power) is noticed this long after its last packet, and 10 s. */
const KEEP_ALIVE_PROBE_MS = 30_000;
/** A provider's reset that answers our request comes within a round trip; a later one says nothing about the request. */
const RESET_ANSWERS_WITHIN_MS = 1000;
/** Requests up to this size are put together in one buffer that all share. */
const SCRATCH_BYTES = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

export interface ConnectionOwner {
  readonly origin: Origin;
  /** The TLS session to offer: what a former connection to the same origin was given. */
  readonly session: Buffer | null;
  keepSession(session: Buffer): void;
  /** It is open and has carried nothing yet. */
  onReady(connection: Connection): void;
  /** Its answer is complete and it may carry another request. */
  onFree(connection: Connection): void;
  /** It could not be opened. */
  onUnreachable(connection: Connection, cause: Error): void;
  /** It was opened, and is closed now. */
  onClosed(connection: Connection): void;
  /** It died under a request that the provider cannot have handled: the request may go on another one. */
  onStale(exchange: OwnExchange): void;
}

export class Connection implements AnswerSink {
  /** When the pool closes it: while it opens, and while it is idle. In the time of its deadlines. */
  dropAtMs = 0;
  /** When its last answer was complete, by the rest clock. */
  restsSince = 0;
  /** Seconds after which the provider closes it when idle, if it said so. */
  keepAliveSeconds: number | null = null;
  readonly #owner: ConnectionOwner;
  readonly #parser: ResponseParser;
  #phase: 'opening' | 'ready' | 'closed' = 'opening';
  #socket: Socket<Connection> | null = null;
  #exchange: OwnExchange | null = null;
  #isPaused = false;
  #hasServed = false;
  /** It has carried a request before the one it carries now. */
  #isReused = false;
  /** What of the request the kernel has not taken yet. */
  #unsent: Buffer | null = null;
  #sentAt = 0;
  /** The provider has said that it sends nothing more. */
  #peerEnded = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
    this.#parser = new ResponseParser(this);
    this.#open(owner.origin).catch((cause: unknown) => this.#unreachable(descriptorShortage() ?? cause));
  }

  async #open({ hostname, port, isTls, addressOf }: Origin): Promise<void> {
    const shortage = descriptorShortage();
    if (shortage !== null) throw shortage;
    const address = addressOf === undefined ? hostname : await addressOf(hostname, port, isTls);
    if (this.#phase === 'closed') return;
    // Of what is connected to by its address, the name is what the certificate must be for.
    const named = addressOf === undefined || isIP(hostname) !== 0 ? {} : { serverName: hostname };
    await Bun.connect<Connection>({
      hostname: address,
      port,
      data: this,
      // Half open, because only the end of both directions tells whether the request was read: see `onEnd`.
      allowHalfOpen: true,
      ...(isTls ? { tls: { ALPNProtocols: ALPN_HTTP_1_1, rejectUnauthorized: true, ...named } } : {}),
      socket: isTls ? tlsHandler : plainHandler,
    });
  }

  /** The kernel has all of the request. */
  get hasSentAll(): boolean {
    return this.#unsent === null;
  }

  /** False: the connection turned out to be dead, and nothing was sent. */
  start(exchange: OwnExchange): boolean {
    const socket = this.#socket;
    if (socket === null || this.#phase !== 'ready') return false;
    const length = Buffer.byteLength(exchange.body);
    const head = `${exchange.head}${length}\r\n\r\n`;
    const total = head.length + length;
    const isShared = total <= SCRATCH_BYTES;
    const bytes = isShared ? scratch : Buffer.allocUnsafe(total);
    bytes.write(head, 0, 'latin1');
    bytes.write(exchange.body, head.length, 'utf8');
    const written = socket.write(bytes, 0, total);
    if (written < 0) {
      this.close();
      return false;
    }
    if (written < total) {
      const rest = bytes.subarray(written, total);
      this.#unsent = isShared ? Buffer.from(rest) : rest;
    }
    this.#isReused = this.#hasServed;
    this.#hasServed = true;
    this.#sentAt = performance.now();
    this.#parser.reset();
    this.#exchange = exchange;
    exchange.connection = this;
    if (exchange.isPaused) this.pause();
    return true;
  }

  pause(): void {
    if (this.#isPaused || this.#phase === 'closed') return;
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#phase === 'closed') return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  /** The exchange is over before its answer is. */
  abandon(): void {
    this.#exchange = null;
    this.#parser.stop();
    this.#destroy();
  }

  /** Ends it in order; its exchange, if it has one, has been told. */
  close(): void {
    const socket = this.#leave();
    socket?.end();
  }

  /** The client is being closed. */
  shutDown(): void {
    const exchange = this.#exchange;
    if (exchange === null) this.close();
    else {
      const cause = new Error('The client was closed');
      exchange.fail(
        failure('closed', { hasAnswered: this.#parser.hasHead, neverSent: !this.hasSentAll, cause }),
      );
    }
  }

  // What the socket says.

  onOpen(socket: Socket<Connection>): void {
    if (this.#phase === 'closed') {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    if (!this.#owner.origin.isTls) this.#ready();
    else if (this.#owner.session !== null) socket.setSession(this.#owner.session);
  }

  onHandshake(isAuthorized: boolean, cause: Error | null): void {
    if (this.#phase !== 'opening') return;
    if (isAuthorized) this.#ready();
    else this.#unreachable(cause ?? new Error('The TLS handshake failed'));
  }

  onData(bytes: Buffer): void {
    if (this.#phase === 'closed') return;
    const exchange = this.#exchange;
    if (exchange === null) {
      // Nobody asked: what it belongs to is unknown, and so is all that follows on this connection.
      this.#destroy();
      return;
    }
    try {
      if (this.#parser.push(bytes)) this.#complete(exchange);
    } catch (cause) {
      if (!(cause instanceof MalformedAnswer)) throw cause;
      exchange.fail(failure(cause.kind, { hasAnswered: this.#parser.hasHead, cause }));
    }
  }

  onDrain(): void {
    const unsent = this.#unsent;
    if (unsent === null || this.#phase !== 'ready') return;
    const written = this.#socket?.write(unsent) ?? -1;
    // A broken connection is told by its end; until then an early answer may still be read from it.
    if (written < 0) return;
    this.#sentAt = performance.now();
    this.#unsent = written >= unsent.length ? null : unsent.subarray(written);
  }

  /**
   * The provider sends nothing more. Where it closed an idle connection just as the request went out, the request meets a
   * closed socket and is answered by a reset: then it was not read, and is tried once more. Where no reset follows, it was read
   * and may have been handled: that is a failure, which the exchange tells after a short wait.
   */
  onEnd(): void {
    if (this.#phase === 'closed') return;
    this.#peerEnded = true;
    const exchange = this.#exchange;
    if (exchange === null) this.#ended(null);
    else if (this.#parser.endsWithConnection) this.#complete(exchange);
    else if (this.#isReused && this.#parser.isUntouched && this.#unsent === null) exchange.awaitReset();
    else this.#broken(exchange, null);
  }

  onClose(cause: Error | null): void {
    const exchange = this.#exchange;
    if (this.#phase === 'closed') return;
    if (exchange === null) this.#ended(cause);
    else if (cause === null && this.#parser.endsWithConnection) this.#complete(exchange);
    else this.#broken(exchange, cause);
  }

  // What the parser says.

  onHead(fields: AnswerFields): void {
    this.#exchange?.answered(fields);
  }

  onBytes(bytes: Uint8Array): void {
    this.#exchange?.received(bytes);
  }

  // What becomes of it.

  #ready(): void {
    this.#phase = 'ready';
    this.#owner.onReady(this);
  }

  #complete(exchange: OwnExchange): void {
    this.#exchange = null;
    exchange.connection = null;
    if (this.#parser.allowsReuse && this.#unsent === null && !this.#peerEnded) this.#giveBack();
    else this.close();
    exchange.completed();
  }

  #giveBack(): void {
    this.resume();
    this.keepAliveSeconds = this.#parser.keepAliveSeconds;
    if (!this.#isReused && this.#owner.origin.isTls) {
      // Typed as void, but it gives the session of a connection whose certificate was found valid.
      const session: unknown = this.#socket?.getSession();
      if (Buffer.isBuffer(session)) this.#owner.keepSession(session);
    }
    this.#owner.onFree(this);
  }

  /** No request is on it. */
  #ended(cause: Error | null): void {
    if (this.#phase === 'opening') this.#unreachable(cause ?? new Error('The connection was closed at once'));
    else this.close();
  }

  #broken(exchange: OwnExchange, cause: Error | null): void {
    const wasUnread =
      this.#parser.isUntouched &&
      (this.#unsent !== null || (this.#isReused && cause !== null && this.#answersTheRequest(cause)));
    this.#exchange = null;
    exchange.connection = null;
    this.#destroy();
    if (wasUnread && this.#isReused && !exchange.isRetried) this.#owner.onStale(exchange);
    else exchange.fail(failure('closed', { hasAnswered: this.#parser.hasHead, neverSent: wasUnread, cause }));
  }

  #answersTheRequest(reset: Error): boolean {
    const code = 'code' in reset ? reset.code : null;
    if (code !== 'ECONNRESET' && code !== 'EPIPE') return false;
    return this.#peerEnded || performance.now() - this.#sentAt <= RESET_ANSWERS_WITHIN_MS;
  }

  #unreachable(thrown: unknown): void {
    if (this.#phase !== 'opening') return;
    this.#phase = 'closed';
    this.#socket?.terminate();
    this.#socket = null;
    const cause = thrown instanceof Error ? thrown : new Error('The connection failed', { cause: thrown });
    this.#owner.onUnreachable(this, cause);
  }

  #destroy(): void {
    const socket = this.#leave();
    socket?.terminate();
  }

  #leave(): Socket<Connection> | null {
    if (this.#phase === 'closed') return null;
    const socket = this.#socket;
    this.#phase = 'closed';
    this.#socket = null;
    this.#unsent = null;
    this.#owner.onClosed(this);
    return socket;
  }
}

/** One object for all connections, so that none has callbacks of its own. */
const plainHandler: SocketHandler<Connection> = {
  open: (socket) => socket.data.onOpen(socket),
  data: (socket, bytes) => socket.data.onData(bytes),
  drain: (socket) => socket.data.onDrain(),
  end: (socket) => socket.data.onEnd(),
  close: (socket, error) => socket.data.onClose(error ?? null),
  error: (socket, error) => socket.data.onClose(error),
};

const tlsHandler: SocketHandler<Connection> = {
  ...plainHandler,
  handshake: (socket, isAuthorized, error) => socket.data.onHandshake(isAuthorized, error),
};
