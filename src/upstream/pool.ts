/**
 * The connections to one origin: idle ones are used again, the last one first; at the bound, requests wait in order. Idle ones
 * are dropped before their provider does it, as far as that is known.
 *
 * After an answer a connection rests for a moment. A provider that sends more than it was asked for does so at once, as a rule:
 * while nobody has a request on the connection that shows, and the connection is closed.
 */
import type { Deadlines, Watched } from '../deadlines.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { isShortage } from './descriptors.ts';
import type { OwnExchange, WaitingRoom } from './exchange.ts';
import type { Origin } from './origin.ts';
import type { RestClock } from './rest-clock.ts';
import { failure } from './upstream.ts';

export interface PoolOptions {
  readonly maxConnections: number;
  /** For providers that do not say how long they keep an idle connection. */
  readonly idleMs: number;
  readonly restClock: RestClock;
  readonly onDefect: (cause: unknown) => void;
  /** Takes a request whose origin turned out to speak HTTP/2 alone. */
  readonly takeHttp2: (origin: Origin, exchange: OwnExchange) => void;
  /** Its last connection is gone, and nobody waits: it may be forgotten. */
  readonly onUnused: (pool: Pool) => void;
}

/** TCP alone would try for two minutes, and a TLS handshake has no limit of its own. */
const OPENING_MS = 30_000;
/** A provider that closes after a number of seconds does so a little sooner by our clock. */
const KEEP_ALIVE_MARGIN_MS = 1000;

export class Pool implements ConnectionOwner, WaitingRoom, Watched {
  readonly origin: Origin;
  session: Buffer | null = null;
  readonly #deadlines: Deadlines;
  readonly #options: PoolOptions;
  /** The longest idle first. */
  readonly #idle: Connection[] = [];
  readonly #opening = new Set<Connection>();
  readonly #busy = new Set<Connection>();
  readonly #waiting = new Set<OwnExchange>();
  /** Those that only a connection without a past may carry; they come first. */
  readonly #waitingForFresh = new Set<OwnExchange>();
  readonly #onTick = (): void => this.#serveRested();
  #isClosed = false;

  constructor(origin: Origin, deadlines: Deadlines, options: PoolOptions) {
    this.origin = origin;
    this.#deadlines = deadlines;
    this.#options = options;
    deadlines.add(this);
  }

  get connections(): number {
    return this.#idle.length + this.#opening.size + this.#busy.size;
  }

  serve(exchange: OwnExchange): void {
    for (let rested = this.#takeRested(); rested !== undefined; rested = this.#takeRested()) {
      if (this.#start(rested, exchange)) return;
    }
    this.#waiting.add(exchange);
    this.#openOne();
    if (this.#idle.length > 0) this.#options.restClock.callEachTick(this.#onTick);
  }

  close(): void {
    this.#isClosed = true;
    this.#deadlines.remove(this);
    this.#options.restClock.stopCalling(this.#onTick);
    const closed = failure('closed', { neverSent: true, cause: new Error('The client was closed') });
    for (const exchange of [...this.#waiting, ...this.#waitingForFresh]) exchange.fail(closed);
    for (const connection of [...this.#idle, ...this.#opening, ...this.#busy]) connection.shutDown();
  }

  leave(exchange: OwnExchange): void {
    this.#waiting.delete(exchange);
    this.#waitingForFresh.delete(exchange);
  }

  onDefect(cause: unknown): void {
    this.#options.onDefect(cause);
  }

  keepSession(session: Buffer): void {
    this.session = session;
  }

  onReady(connection: Connection): void {
    this.#opening.delete(connection);
    if (this.#serveNext(connection, this.#waitingForFresh)) return;
    if (!this.#serveNext(connection, this.#waiting)) this.onFree(connection);
  }

  onFree(connection: Connection): void {
    this.#busy.delete(connection);
    if (this.#waitingForFresh.size > 0 && this.connections >= this.#options.maxConnections - 1) {
      connection.close();
      return;
    }
    const keepAliveMs =
      connection.keepAliveSeconds === null
        ? this.#options.idleMs
        : Math.max(0, connection.keepAliveSeconds * 1000 - KEEP_ALIVE_MARGIN_MS);
    // Not later than promised: `after` is, by what it adds.
    connection.dropAtMs =
      this.#deadlines.after(Math.min(keepAliveMs, this.#options.idleMs)) - 2 * this.#deadlines.periodMs;
    connection.restsSince = this.#options.restClock.begin();
    this.#idle.push(connection);
    if (this.#waiting.size > 0) this.#options.restClock.callEachTick(this.#onTick);
  }

  onUnreachable(connection: Connection, cause: Error): void {
    this.#opening.delete(connection);
    const exchange = first(this.#waitingForFresh) ?? first(this.#waiting);
    if (exchange !== undefined) {
      if (isHttp2Alone(cause)) this.#options.takeHttp2(this.origin, exchange);
      else exchange.fail(failure(isShortage(cause) ? 'no-room' : 'unreachable', { neverSent: true, cause }));
    }
    this.#openMissing();
  }

  onClosed(connection: Connection): void {
    if (!this.#busy.delete(connection) && !this.#opening.delete(connection)) {
      const at = this.#idle.indexOf(connection);
      if (at !== -1) this.#idle.splice(at, 1);
    }
    this.#openMissing();
  }

  onStale(exchange: OwnExchange): void {
    exchange.retry();
    this.#waitingForFresh.add(exchange);
    this.#openOne();
  }

  onSweep(nowMs: number): void {
    for (const connection of this.#opening) if (nowMs >= connection.dropAtMs) connection.close();
    for (const connection of [...this.#idle]) if (nowMs >= connection.dropAtMs) connection.close();
    if (this.connections === 0 && this.#waiters === 0) this.#options.onUnused(this);
  }

  get #waiters(): number {
    return this.#waiting.size + this.#waitingForFresh.size;
  }

  /** The one that was used last among those that have rested. */
  #takeRested(): Connection | undefined {
    for (let at = this.#idle.length - 1; at >= 0; at -= 1) {
      const idle = this.#idle[at];
      if (idle !== undefined && this.#options.restClock.hasRested(idle.restsSince)) {
        return this.#idle.splice(at, 1)[0];
      }
    }
    return undefined;
  }

  /** For those that wait while a connection rests. */
  #serveRested(): void {
    while (this.#waiting.size > 0) {
      const rested = this.#takeRested();
      if (rested === undefined) break;
      this.#serveNext(rested, this.#waiting);
    }
    if (this.#waiting.size === 0 || this.#idle.length === 0) {
      this.#options.restClock.stopCalling(this.#onTick);
    }
  }

  #serveNext(connection: Connection, queue: Set<OwnExchange>): boolean {
    const exchange = first(queue);
    if (exchange === undefined) return false;
    // Where it fails the exchange keeps its place, and the connection is gone.
    if (this.#start(connection, exchange)) queue.delete(exchange);
    return true;
  }

  #start(connection: Connection, exchange: OwnExchange): boolean {
    this.#busy.add(connection);
    const hasStarted = connection.start(exchange);
    if (!hasStarted) this.#busy.delete(connection);
    return hasStarted;
  }

  /** A connection for each that waits, as far as the bound allows. */
  #openMissing(): void {
    while (this.#opening.size < this.#waiters && this.#openOne());
  }

  #openOne(): boolean {
    if (this.#isClosed || this.connections >= this.#options.maxConnections) return false;
    const connection = new Connection(this);
    connection.dropAtMs = this.#deadlines.after(OPENING_MS);
    this.#opening.add(connection);
    return true;
  }
}

function first(exchanges: Set<OwnExchange>): OwnExchange | undefined {
  for (const exchange of exchanges) return exchange;
  return undefined;
}

/** The origin refused the protocol that we offer, in the handshake (RFC 7301, section 3.2). */
function isHttp2Alone(cause: Error): boolean {
  return /no.application.protocol/i.test(`${'code' in cause ? cause.code : ''} ${cause.message}`);
}
