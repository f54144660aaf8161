/** What a route is: a method, a path, who may call it, and a handler. The four builders are the only way to make one. */
import type { Principal } from '../auth/principal.ts';

/** Who may call. `public`: anyone; `anyKey`: a valid key of either kind. */
export type Access = 'public' | 'apiKey' | 'managementKey' | 'anyKey';

export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  /**
   * Lifts the idle timeout for this one request: a long completion may be silent for minutes. Call what it gives when the answer
   * is over, or the connection stays open for as long as its client pleases.
   */
  keepOpen(): () => void;
}

export interface KeyCall extends Call {
  readonly principal: Principal;
}

type Handler<C extends Call> = (call: C) => Response | Promise<Response>;

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export type Route = { readonly method: Method; readonly path: string } & (
  | { readonly access: 'public'; readonly handle: Handler<Call> }
  | { readonly access: 'apiKey' | 'managementKey' | 'anyKey'; readonly handle: Handler<KeyCall> }
);

/** Anyone may call it, with or without a key. */
export function publicRoute(method: Method, path: string, handle: Handler<Call>): Route {
  return { method, path, access: 'public', handle };
}

/** Inference: an API key; a management key is refused. */
export function apiKeyRoute(method: Method, path: string, handle: Handler<KeyCall>): Route {
  return { method, path, access: 'apiKey', handle };
}

/** Administration: a management key; an API key is refused. */
export function managementRoute(method: Method, path: string, handle: Handler<KeyCall>): Route {
  return { method, path, access: 'managementKey', handle };
}

/** What a key may read about itself and its account: either kind. */
export function anyKeyRoute(method: Method, path: string, handle: Handler<KeyCall>): Route {
  return { method, path, access: 'anyKey', handle };
}
