/** From a browser's request to the session that makes it: every gate between the two, in order, on one screen. */
import { timingSafeEqual } from 'node:crypto';
import { TurnpikeError } from '../errors.ts';
import type { Role } from '../storage/schema.ts';
import { keyedHash } from '../vault/seal.ts';
import { CallerRefused, sessionCaller } from './caller-refused.ts';
import { hasRole, type Session } from './session.ts';

export interface SessionGate {
  /** Throws 403 for a change that a page of another origin asks for. */
  mustBeOurs(request: Request): void;
  /** Who is signed in, or a 401; 403 when the role does not do. Changes pass `mustBeOurs` first. */
  admit(request: Request, atLeast: Role): Promise<Session>;
  csrfTokenOf(session: Session): string;
  /** Throws 403 unless `token` is the session's. */
  mustHaveToken(session: Session, token: string | null): void;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export const changes = (request: Request): boolean => !SAFE_METHODS.has(request.method);

export function createSessionGate(services: {
  /** Null: nobody is signed in, or somebody without a membership. */
  readonly readSession: (request: Request) => Promise<Session | null>;
  readonly publicUrl: string;
  readonly masterKey: Uint8Array;
}): SessionGate {
  const ourOrigin = new URL(services.publicUrl).origin;
  const csrfTokenOf = (session: Session) => keyedHash(services.masterKey, 'csrf', session.id);

  function mustBeOurs(request: Request): void {
    if (changes(request) && !isOurOrigin(request, ourOrigin)) throw new TurnpikeError('foreign_request');
  }

  return {
    mustBeOurs,
    async admit(request, atLeast) {
      mustBeOurs(request);
      const session = await services.readSession(request);
      if (session === null) throw new TurnpikeError('not_signed_in');
      if (!hasRole(session, atLeast)) throw new CallerRefused('role_required', sessionCaller(session));
      return session;
    },
    csrfTokenOf,
    mustHaveToken(session, token) {
      if (token === null || !isEqual(token, csrfTokenOf(session)))
        throw new CallerRefused('foreign_request', sessionCaller(session));
    },
  };
}

/**
 * Browsers send `Origin` with every change, and no page can forge it. A gateway that is reached by several names is as much
 * itself under each: whoever asks the host that they come from is no stranger. A form of a page without referrer has `null`
 * there (Fetch, "append a request `Origin` header"), and then only the browser's own word for where it comes from.
 */
function isOurOrigin({ headers }: Request, ourOrigin: string): boolean {
  const origin = headers.get('origin');
  if (origin === null) return false;
  if (origin === 'null') return headers.get('sec-fetch-site') === 'same-origin';
  return origin === ourOrigin || URL.parse(origin)?.host === headers.get('host');
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
