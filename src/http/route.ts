/** What a route is: a method, a path, who may call it, and a handler. The builders are the only way to make one. */
import type { Principal } from '../auth/principal.ts';
import type { Session } from '../auth/session.ts';
import type { SocketHandler } from '../chat/socket.ts';
import type { ErrorForm } from '../error-body.ts';
import type { Role } from '../storage/schema.ts';

/**
 * Who may call. On the API, open to every origin: `public`: anyone; `anyKey`: a valid key of either kind. For our own pages
 * alone, closed to other origins: `browser`: anyone; `session` and `sessionForm`: somebody who is signed in.
 */
export type Access = KeyAccess | 'public' | 'browser' | 'session' | 'sessionForm';
export type KeyAccess = 'apiKey' | 'keyItself' | 'managementKey' | 'anyKey';

export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** Where it comes from, as far as that is known; see `client-address.ts`. */
  readonly clientAddress: string;
  /**
   * Lifts the idle timeout for this one request: a long completion may be silent for minutes. Call what it gives when the answer
   * is over, or the connection stays open for as long as its client pleases.
   */
  keepOpen(): () => void;
  /** Turns the connection into a WebSocket; what it gives is to be the answer. Throws 426 where none was asked for. */
  upgrade(handler: SocketHandler): Response;
}

export interface KeyCall extends Call {
  readonly principal: Principal;
  /** Passes the gate once more with the same key: for connections that outlive what a key may do. To be made before the answer. */
  readonly gate: () => Gate;
}

export interface SessionCall extends Call {
  readonly session: Session;
}

export interface FormCall extends SessionCall {
  /** What was sent, without its CSRF token, which was right. */
  readonly form: URLSearchParams;
}

/** Throws 401 or 403 as soon as the key may no longer call. */
export type Gate = () => Principal | Promise<Principal>;

type Handler<C extends Call> = (call: C) => Response | Promise<Response>;

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** Headers in which a key may come besides `Authorization`, at the doors whose clients send it there. */
export type KeyHeader = 'x-api-key' | 'x-goog-api-key' | 'x-turnpike-key';

export type Route = {
  readonly method: Method;
  readonly path: string;
  /** Of every error of this path, also those that its handler never sees (401, 405, 413); OpenRouter's unless told. */
  readonly errorForm?: ErrorForm;
  readonly keyHeaders?: readonly KeyHeader[];
  /** Of a POST that changes nothing: what is asked does not fit into an address. */
  readonly onlyReads?: true;
} & (
  | { readonly access: 'public' | 'browser'; readonly handle: Handler<Call> }
  | { readonly access: KeyAccess; readonly handle: Handler<KeyCall> }
  | { readonly access: 'session'; readonly role: Role; readonly handle: Handler<SessionCall> }
  | { readonly access: 'sessionForm'; readonly role: Role; readonly handle: Handler<FormCall> }
);

/** What is particular to the clients of one kind of API. */
export type Door = Pick<Route, 'errorForm' | 'keyHeaders'>;

/** Anyone may call it, with or without a key. */
export function publicRoute(method: Method, path: string, handle: Handler<Call>): Route {
  return { method, path, access: 'public', handle };
}

/** Inference: an API key; a management key is refused. */
export function apiKeyRoute(method: Method, path: string, handle: Handler<KeyCall>, door: Door = {}): Route {
  return { method, path, access: 'apiKey', handle, ...door };
}

/** What a key passes on of its own: an API key, and no access token that acts as one. */
export function keyItselfRoute(method: Method, path: string, handle: Handler<KeyCall>): Route {
  return { method, path, access: 'keyItself', handle };
}

/** Administration: a management key; an API key is refused. */
export function managementRoute(method: Method, path: string, handle: Handler<KeyCall>): Route {
  return { method, path, access: 'managementKey', handle };
}

/** What a key may read about itself and its account: either kind. */
export function anyKeyRoute(method: Method, path: string, handle: Handler<KeyCall>): Route {
  return { method, path, access: 'anyKey', handle };
}

/** Pages and what they are made of, and the way in: anyone, from our own origin. Changes must come from a page of ours. */
export function browserRoute(method: Method, path: string, handle: Handler<Call>): Route {
  return { method, path, access: 'browser', handle };
}

/**
 * What our pages ask for in JSON: somebody who is signed in and has at least this role in the organisation. Changes carry the
 * session's CSRF token in `x-csrf-token`.
 */
export function sessionRoute(method: Method, path: string, role: Role, handle: Handler<SessionCall>): Route {
  return { method, path, access: 'session', role, handle };
}

/** A form that the browser itself sends and whose answer it shows, with the CSRF token in `csrf_token`. Errors are pages. */
export function sessionFormRoute(path: string, role: Role, handle: Handler<FormCall>): Route {
  return { method: 'POST', path, access: 'sessionForm', role, handle };
}

/** A POST that changes nothing and whose answer has no secret in it: it may be compressed as an answer to GET. */
export function onlyReading(route: Route): Route {
  return { ...route, onlyReads: true };
}
