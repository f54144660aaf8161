/** Turns a list of routes into one fetch handler: gate first, then the handler, every failure through the envelope. */
import { Hono, type HonoRequest } from 'hono';
import { type Actor, actingAs } from '../audit/actor.ts';
import type { ChangeRefused } from '../audit/build.ts';
import { withoutTexts } from '../audit/record.ts';
import { CallerRefused, type KnownCaller, keyCaller, sessionCaller } from '../auth/caller-refused.ts';
import type { Principal } from '../auth/principal.ts';
import type { Session } from '../auth/session.ts';
import { changes, type SessionGate } from '../auth/session-gate.ts';
import type { SocketHandler } from '../chat/socket.ts';
import { TurnpikeError, toTurnpikeError } from '../errors.ts';
import { newRequestId } from '../ids.ts';
import { isStorable } from '../json.ts';
import type { Logger } from '../log.ts';
import { readForm } from './body.ts';
import { createClientAddressReader, type ReadClientAddress } from './client-address.ts';
import { compressed } from './compress.ts';
import { corsHeaders, preflight } from './cors.ts';
import { errorResponse } from './envelope.ts';
import { addPageHeaders } from './page-headers.ts';
import { wantsPage } from './page-request.ts';
import type {
  Access,
  Call,
  FormCall,
  Gate,
  KeyAccess,
  KeyCall,
  KeyHeader,
  Route,
  SessionCall,
} from './route.ts';
import type { HttpServer } from './server.ts';

/** `received`: as Bun made it, which alone knows its connection. */
type Bindings = { Bindings: { server: HttpServer; received: Request } };

export interface MountOptions {
  routes: readonly Route[];
  /** Turns the Authorization header, or one of these, into a principal that may make this call, or throws 401 or 403. */
  authenticate: (
    request: Request,
    access: KeyAccess,
    keyHeaders: readonly KeyHeader[] | undefined,
  ) => Principal | Promise<Principal>;
  /** For the routes of our own pages. */
  sessions: SessionGate;
  /** An error as a page, for whoever sent a form or followed a link. */
  errorPage: (error: TurnpikeError) => Response | Promise<Response>;
  logger: Logger;
  /** Whether browsers reach us by https: they are then told to do so always (RFC 6797). */
  isHttps?: boolean;
  onAnswer?: (route: Route | null, status: number) => void;
  /** A request for inference that passed its gate, and failed before its answer began. */
  onRefused?: (route: Route, call: Pick<KeyCall, 'principal' | 'requestId'>, error: TurnpikeError) => void;
  /** Somebody who is known asked for a change that they may not make. */
  onChangeRefused?: (route: Route, attempt: ChangeRefused, error: TurnpikeError) => void;
  /** Something was changed that the audit log tells. */
  onAudited?: () => void;
  /** Whether this gateway is about to stop: each answer then ends its connection, so that the next request goes to another node. */
  isRetiring?: () => boolean;
  /** Reverse proxies whose `X-Forwarded-For` is believed; default: none. */
  trustedProxies?: readonly string[];
  /**
   * How long a connection may be idle once a request has come; 0: for ever. The server's own `idleTimeout`, which counts until
   * then, is the guard against senders that dawdle with their headers. Bun counts in steps of four seconds, up to 255 s.
   */
  clientIdleSeconds: number;
}

/** The handler for `Bun.serve`. Unknown paths answer 404 and wrong methods 405, in the same envelope as everything else. */
export function mountRoutes(
  options: MountOptions,
): (request: Request, server: HttpServer) => Response | Promise<Response> {
  const app = new Hono<Bindings>({ strict: false });
  const readAddress = createClientAddressReader(options.trustedProxies ?? []);
  for (const [path, routes] of inOrder(groupByPath(options.routes))) {
    for (const route of routes) {
      app.on(route.method, path, ({ req, env }) => {
        const params = req.param();
        // No id of anything holds a NUL, and PostgreSQL would fail where SQLite finds nothing.
        if (!isStorable(params)) return unknownPath(options, req);
        const { server, received } = env;
        return answer(route, { request: req.raw, received, server, params, readAddress }, options);
      });
    }
    const allowed = allowedMethods(routes);
    const forPages = routes.every(({ access }) => isForPages(access));
    app.on('OPTIONS', path, (context) =>
      forPages
        ? finish(
            new Response(null, { status: 204, headers: { allow: allowed } }),
            newRequestId(),
            null,
            options,
            'page',
          )
        : isApi(path)
          ? preflight(context.req.raw, allowed)
          : finish(
              new Response(null, { status: 204, headers: { allow: allowed } }),
              newRequestId(),
              null,
              options,
              'plain',
            ),
    );
    app.all(path, () =>
      refuse(options, methodNotAllowed(allowed), forPages ? 'page' : kindOf(path), speakerOf(routes)),
    );
  }
  app.notFound(({ req }) => unknownPath(options, req));
  const exact = exactRoutes(options.routes);
  return (received, server) => {
    const request = withOrigin(received);
    // For this connection until its next request, which finds the server's own again.
    server.timeout(received, options.clientIdleSeconds);
    const route = exact.get(`${request.method} ${pathOf(request.url)}`);
    if (route !== undefined)
      return answer(route, { request, received, server, params: NO_PARAMS, readAddress }, options);
    return app.fetch(request, { server, received });
  };
}

const NO_PARAMS: Readonly<Record<string, string>> = {};

/**
 * Routes without parameters, found in one look-up: Hono's fast router cannot hold paths that overlap as ours do, and the one
 * that can costs 6 µs a request. Whatever is spelt otherwise (a trailing slash, an escape, HEAD) still goes through Hono.
 */
function exactRoutes(routes: readonly Route[]): Map<string, Route> {
  const plain = routes.filter(({ path }) => !/[:*]/.test(path));
  return new Map(plain.map((route) => [`${route.method} ${route.path}`, route]));
}

/** Between the authority and the query, as it was sent. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.indexOf('?', start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}

/** HTTP/1.0 may leave the Host header out, as health probes do: then Bun's `url` is the bare path, which nothing can parse. */
function withOrigin(request: Request): Request {
  return request.url.startsWith('/') ? new Request(`http://localhost${request.url}`, request) : request;
}

/** One request through its gate and its handler. Answers carry the request id and, on the API, the CORS headers. */
async function answer(route: Route, received: Received, options: MountOptions): Promise<Response> {
  const call = new BunCall(received, options);
  // The first page waits for the dashboard to be built, which a busy machine takes longer for than connections may be idle.
  const closeWhenIdle = isForPages(route.access) ? call.keepOpen() : null;
  let response: Response;
  try {
    if (call.request.method === 'HEAD' && !isOpen(route.access)) response = new Response(null);
    else response = await passGate(route, call, options);
  } catch (thrown) {
    const error = logged(thrown, call, options.logger);
    const { principal, requestId } = call;
    if (route.access === 'apiKey' && principal !== undefined)
      options.onRefused?.(route, { principal, requestId }, error);
    if (route.access !== 'apiKey') tellRefusedChange(route, call, error, options);
    const isSeen = route.access === 'sessionForm' || (route.access === 'browser' && wantsPage(call.request));
    response = isSeen ? await options.errorPage(error) : errorOf(error, route, call.requestId);
  }
  if (route.access !== 'apiKey') response = await compressed(call.request, route, response);
  closeWhenIdle?.();
  // Charged perhaps, and heard by nobody: a client that left, or one that sent its next request before this answer, for which
  // Bun closes the connection.
  if (route.access === 'apiKey' && call.request.signal.aborted) {
    options.logger.info('answered_nobody', {
      requestId: call.requestId,
      path: route.path,
      status: response.status,
    });
  }
  return finish(response, call.requestId, route, options);
}

async function passGate(route: Route, call: BunCall, options: MountOptions): Promise<Response> {
  switch (route.access) {
    case 'public':
      return await inName(call, 'anonymous', null, options, () => route.handle(call));
    case 'apiKey':
    case 'keyItself':
    case 'managementKey':
    case 'anyKey': {
      const found = options.authenticate(call.request, route.access, route.keyHeaders);
      const { access, keyHeaders } = route;
      // Of the request itself Bun keeps nothing once it is answered.
      call.gate = () => {
        const again = new Request(call.request.url, { headers: new Headers(call.request.headers) });
        return () => options.authenticate(again, access, keyHeaders);
      };
      call.principal = found instanceof Promise ? await found : found;
      // Inference changes nothing that is audited, and pays for nothing here.
      if (route.access === 'apiKey') return await route.handle(call as KeyCall);
      const { kind, id } = keyCaller(call.principal);
      return await inName(call, kind, id, options, () => route.handle(call as KeyCall));
    }
    case 'browser':
      options.sessions.mustBeOurs(call.request);
      return await inName(call, 'anonymous', null, options, () => route.handle(call));
    case 'session':
      call.session = await options.sessions.admit(call.request, route.role);
      if (changes(call.request)) {
        options.sessions.mustHaveToken(call.session, call.request.headers.get('x-csrf-token'));
      }
      return await inName(call, 'user', call.session.userId, options, () =>
        route.handle(call as SessionCall),
      );
    case 'sessionForm':
      call.session = await options.sessions.admit(call.request, route.role);
      call.form = await readForm(call.request);
      options.sessions.mustHaveToken(call.session, call.form.get('csrf_token'));
      call.form.delete('csrf_token');
      return await inName(call, 'user', call.session.userId, options, () => route.handle(call as FormCall));
  }
}

/** What is changed meanwhile is in the name of this caller, and one line of the log each. */
function inName(
  call: BunCall,
  kind: Actor['kind'],
  id: string | null,
  { logger, onAudited }: MountOptions,
  handle: () => Response | Promise<Response>,
): Response | Promise<Response> {
  if (!changes(call.request)) return handle();
  return actingAs({ kind, id, address: call.clientAddress }, handle, (event) => {
    logger.info('audit', { ...withoutTexts(event), requestId: call.requestId });
    onAudited?.();
  });
}

function tellRefusedChange(
  route: Route,
  call: BunCall,
  error: TurnpikeError,
  { onChangeRefused }: MountOptions,
): void {
  if ((error.status !== 401 && error.status !== 403) || !changes(call.request)) return;
  const caller = error instanceof CallerRefused ? error.caller : call.caller;
  if (caller !== null)
    onChangeRefused?.(route, { caller, address: call.clientAddress, path: call.url.pathname }, error);
}

const isOpen = (access: Access): boolean => access === 'public' || access === 'browser';

const isForPages = (access: Access): boolean =>
  access === 'browser' || access === 'session' || access === 'sessionForm';

async function unknownPath(options: MountOptions, { path, raw }: HonoRequest): Promise<Response> {
  const error = new TurnpikeError('not_found');
  if (path.startsWith('/api/') || !wantsPage(raw))
    return refuse(options, error, kindOf(path), doorOf(options.routes, path));
  return finish(await options.errorPage(error), newRequestId(), null, options, 'page');
}

/** The door that a path without a route lies behind, whose clients read its errors alone. */
function doorOf(routes: readonly Route[], path: string): Route | undefined {
  return routes.find((route) => route.errorForm !== undefined && path.startsWith(`${route.path}/`));
}

/** Whose headers an answer carries: those of the API, which every origin may read, of our pages, or neither. */
type Kind = 'api' | 'page' | 'plain';

/** The API, and what standard clients in browsers discover it by (RFC 8414, RFC 9728). */
function isApi(path: string): boolean {
  return path.startsWith('/api/v1') || path.startsWith('/.well-known/');
}

function kindOf(path: string): Kind {
  return isApi(path) ? 'api' : 'plain';
}

function refuse(options: MountOptions, error: TurnpikeError, kind: Kind, route?: Route): Response {
  const requestId = newRequestId();
  return finish(errorOf(error, route, requestId), requestId, null, options, kind);
}

/** In the dialect of the route. */
function errorOf(error: TurnpikeError, route: Route | undefined, requestId: string): Response {
  return errorResponse(error, requestId, route?.errorForm);
}

function finish(
  response: Response,
  requestId: string,
  route: Route | null,
  options: MountOptions,
  kind: Kind = route !== null && isForPages(route.access) ? 'page' : kindOf(route?.path ?? ''),
): Response {
  response.headers.set('x-request-id', requestId);
  if (options.isRetiring?.() === true) response.headers.set('connection', 'close');
  if (kind === 'page') {
    addPageHeaders(response);
    if (options.isHttps === true) response.headers.set('strict-transport-security', 'max-age=31536000');
  } else if (kind === 'api')
    for (const name in corsHeaders) response.headers.set(name, corsHeaders[name] ?? '');
  options.onAnswer?.(route, response.status);
  return response;
}

/** Our own refusals are the caller's business; only what we cannot explain is written down, with the id the caller was given. */
function logged(thrown: unknown, call: Call, logger: Logger): TurnpikeError {
  const error = toTurnpikeError(thrown);
  const isRefusal = error.code === 'unavailable' && error.cause === undefined;
  if (error.status >= 500 && !isRefusal) {
    logger.error('request_failed', {
      requestId: call.requestId,
      path: call.url.pathname,
      status: error.status,
      code: error.code,
      detail: error.detail,
      error: error.cause,
    });
  }
  return error;
}

interface Received {
  readonly request: Request;
  /** The request that Bun made itself: of a copy it does not know the connection. */
  readonly received: Request;
  readonly server: HttpServer;
  readonly params: Readonly<Record<string, string>>;
  readonly readAddress: ReadClientAddress;
}

/** What handlers see of a request; the parts that cost something are made when they are asked for. */
class BunCall implements Call {
  readonly request: Request;
  readonly requestId = newRequestId();
  principal: Principal | undefined;
  gate: (() => Gate) | undefined;
  session: Session | undefined;
  form: URLSearchParams | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly #server: HttpServer;
  readonly #received: Request;
  readonly #clientIdleSeconds: number;
  readonly #readAddress: ReadClientAddress;
  #url: URL | undefined;

  constructor(
    { request, received, server, params, readAddress }: Received,
    { clientIdleSeconds }: Pick<MountOptions, 'clientIdleSeconds'>,
  ) {
    this.request = request;
    this.params = params;
    this.#server = server;
    this.#received = received;
    this.#readAddress = readAddress;
    this.#clientIdleSeconds = clientIdleSeconds;
  }

  /** Who has passed the gate; null: nobody has. */
  get caller(): KnownCaller | null {
    if (this.principal !== undefined) return keyCaller(this.principal);
    return this.session === undefined ? null : sessionCaller(this.session);
  }

  get url(): URL {
    this.#url ??= new URL(this.request.url);
    return this.#url;
  }

  get clientAddress(): string {
    const peer = this.#server.requestIP(this.#received)?.address ?? null;
    return this.#readAddress(peer, this.request.headers);
  }

  upgrade(handler: SocketHandler): Response {
    const { request, requestId } = this;
    const isUpgraded = this.#server.upgrade(this.#received, {
      data: handler,
      headers: { 'x-request-id': requestId },
    });
    if (isUpgraded) return new Response(null, { status: 200 });
    throw new TurnpikeError('invalid_request', {
      message: `${request.method} ${this.url.pathname} is for WebSockets: send an upgrade request, or POST`,
      status: 426,
      headers: { upgrade: 'websocket', connection: 'Upgrade' },
    });
  }

  keepOpen(): () => void {
    this.#server.timeout(this.request, 0);
    return () => this.#server.timeout(this.request, this.#clientIdleSeconds);
  }
}

/**
 * Hono asks the paths in the order in which it was told of them: a part that is written out comes before a parameter in its place,
 * whatever the order of the routes, so that no path hides another.
 */
function inOrder(groups: Map<string, Route[]>): readonly (readonly [string, Route[]])[] {
  const rank = (path: string) =>
    path
      .split('/')
      .map((part) => (part.startsWith('*') ? 2 : part.startsWith(':') ? 1 : 0))
      .join('');
  return [...groups].sort(([one], [other]) =>
    rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0,
  );
}

function groupByPath(routes: readonly Route[]): Map<string, Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const group = groups.get(route.path);
    if (group === undefined) groups.set(route.path, [route]);
    else group.push(route);
  }
  return groups;
}

/** Whose errors a path answers with where none of its routes is meant: their own, if they have one in common. */
function speakerOf(routes: readonly Route[]): Route | undefined {
  const [first, ...others] = routes;
  return others.every(({ errorForm }) => errorForm === first?.errorForm) ? first : undefined;
}

function allowedMethods(routes: readonly Route[]): string {
  const methods = new Set<string>(routes.map((route) => route.method));
  if (methods.has('GET')) methods.add('HEAD');
  methods.add('OPTIONS');
  return [...methods].join(', ');
}

function methodNotAllowed(allowed: string): TurnpikeError {
  return new TurnpikeError('method_not_allowed', { headers: { allow: allowed } });
}
