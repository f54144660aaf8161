/**
 * The gateway's own HTTP/1.1 client: what a socket brings is parsed and handed on in the same turn of the event loop. Origins
 * that it does not reach itself go through `fetch`, behind the same interface.
 */
import { Deadlines } from '../deadlines.ts';
import { EgressError, type PublicAddressOf } from '../egress/public-host.ts';
import { OwnExchange } from './exchange.ts';
import { FetchExchange, type FetchRoute } from './fetch-fallback.ts';
import { type Origin, Targets } from './origin.ts';
import { Pool, type PoolOptions } from './pool.ts';
import { type Environment, isProxied } from './proxy-settings.ts';
import { requestHead } from './request-head.ts';
import { RestClock } from './rest-clock.ts';
import {
  type AnswerReader,
  type Exchange,
  failure,
  type UpstreamClient,
  type UpstreamRequest,
} from './upstream.ts';

export interface ClientOptions {
  /** Whose proxy settings count. */
  readonly environment?: Environment;
  /** To one origin; more requests wait in order. Below the number of ports that one address can be reached from. */
  readonly maxConnections?: number;
  /**
   * How long an unused connection is kept where the provider does not say it. Servers close after 5 s or less when they are
   * an application's own (uvicorn, Node), after 60 s or more when they are load balancers, which TLS mostly ends at.
   */
  readonly idleMs?: { readonly http: number; readonly https: number };
  /** False: a connection is used again at once, where nothing but tests is on the other side. */
  readonly lettingRest?: boolean;
  readonly userAgent?: string;
  /** Between two looks at what is due, in milliseconds. */
  readonly sweepMs?: number;
  /** Judges the addresses that people typed in, when they are connected to; without it none of them is. */
  readonly publicAddressOf?: PublicAddressOf;
  /** Told once for each origin that goes through `fetch`. */
  readonly onFallback?: (origin: string, reason: FallbackReason) => void;
  /** A reader threw: its exchange is over. Without this callback the error is thrown as one that nobody caught. */
  readonly onDefect?: (cause: unknown) => void;
}

export type FallbackReason = 'proxy' | 'HTTP/2 alone';

const MAX_CONNECTIONS = 16_384;
const IDLE_MS = { http: 4000, https: 50_000 };

const ONLY_HTTP_1 = 'An address of a caller speaks HTTP/2 alone';

const refuseAll: PublicAddressOf = (hostname) =>
  Promise.reject(new EgressError(`${hostname} is of a caller, and there is nobody to judge it`));

export function createUpstreamClient(options: ClientOptions = {}): UpstreamClient {
  return new Client(options);
}

class Client implements UpstreamClient {
  readonly #options: ClientOptions;
  readonly #environment: Environment;
  readonly #userAgent: string;
  readonly #deadlines: Deadlines;
  readonly #restClock: RestClock;
  readonly #targets = new Targets();
  readonly #pools = new Map<string, Pool>();
  readonly #fallbacks = new Map<string, FallbackReason>();
  readonly #fetching = new Set<FetchExchange>();
  readonly #onDefect: (cause: unknown) => void;
  readonly #routes: { readonly http1: FetchRoute; readonly http2: FetchRoute };
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#environment = options.environment ?? process.env;
    this.#userAgent = options.userAgent ?? 'turnpike';
    this.#deadlines = new Deadlines(options.sweepMs);
    this.#restClock = new RestClock(options.lettingRest);
    this.#onDefect =
      options.onDefect ??
      ((cause) => {
        queueMicrotask(() => {
          throw cause;
        });
      });
    const route = {
      deadlines: this.#deadlines,
      userAgent: this.#userAgent,
      onDefect: this.#onDefect,
      onOver: (exchange: FetchExchange) => this.#fetching.delete(exchange),
    };
    this.#routes = { http1: { ...route, isHttp2: false }, http2: { ...route, isHttp2: true } };
  }

  send(request: UpstreamRequest, reader: AnswerReader): Exchange {
    if (this.#isClosed) throw new Error('The client is closed');
    const target = this.#targets.of(request.url);
    const head = requestHead(target, request.headers, this.#userAgent, request.method);
    const origin = request.mustBePublic === true ? this.#judged(target.origin) : target.origin;
    const pool = this.#pools.get(origin.key) ?? this.#poolFor(origin);
    if (pool === null) return this.#fetch(origin, request, reader);
    const exchange = new OwnExchange(request, head, reader, { deadlines: this.#deadlines, room: pool });
    pool.serve(exchange);
    return exchange;
  }

  close(): void {
    this.#isClosed = true;
    for (const exchange of [...this.#fetching]) exchange.shutDown();
    for (const pool of [...this.#pools.values()]) pool.close();
    this.#pools.clear();
    this.#deadlines.close();
    this.#restClock.close();
  }

  /** Connections of its own: what the operator may reach there, nobody else is given. */
  #judged(origin: Origin): Origin {
    const { publicAddressOf = refuseAll } = this.#options;
    return { ...origin, key: `public ${origin.key}`, addressOf: publicAddressOf };
  }

  /** Null: the origin goes through `fetch`. */
  #poolFor(origin: Origin): Pool | null {
    if (this.#fallbacks.has(origin.key)) return null;
    // A proxy would look the name up again, and `fetch` too: nobody could say what they find.
    const isJudged = origin.addressOf !== undefined;
    if (!isJudged && isProxied(origin, this.#environment)) return this.#fallBack(origin, 'proxy');
    const pool = new Pool(origin, this.#deadlines, this.#poolOptions(origin));
    this.#pools.set(origin.key, pool);
    return pool;
  }

  #poolOptions(origin: Origin): PoolOptions {
    const idleMs = this.#options.idleMs ?? IDLE_MS;
    return {
      maxConnections: this.#options.maxConnections ?? MAX_CONNECTIONS,
      idleMs: origin.isTls ? idleMs.https : idleMs.http,
      restClock: this.#restClock,
      onDefect: this.#onDefect,
      takeHttp2: (from, exchange) => {
        if (from.addressOf !== undefined) {
          exchange.fail(failure('unreachable', { neverSent: true, cause: new EgressError(ONLY_HTTP_1) }));
          return;
        }
        this.#fallBack(from, 'HTTP/2 alone');
        exchange.moveTo((request, reader) => this.#fetch(from, request, reader));
      },
      onUnused: (unused) => {
        this.#deadlines.remove(unused);
        if (this.#pools.get(unused.origin.key) === unused) this.#pools.delete(unused.origin.key);
      },
    };
  }

  #fallBack(origin: Origin, reason: FallbackReason): null {
    if (!this.#fallbacks.has(origin.key)) {
      this.#fallbacks.set(origin.key, reason);
      this.#options.onFallback?.(origin.key, reason);
    }
    return null;
  }

  #fetch(origin: Origin, request: UpstreamRequest, reader: AnswerReader): Exchange {
    const isHttp2 = this.#fallbacks.get(origin.key) === 'HTTP/2 alone';
    const exchange = new FetchExchange(request, reader, isHttp2 ? this.#routes.http2 : this.#routes.http1);
    this.#fetching.add(exchange);
    return exchange;
  }
}
