/** Hands a request on to better-auth with nothing in it but what we let through, and its answer back without its tokens. */
import { TurnpikeError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { BetterAuthHolder } from './better-auth-holder.ts';
import {
  CALL_HEADER,
  CLIENT_ADDRESS_HEADER,
  INVITATION_HEADER,
  SIGNED_IN_USER_HEADER,
} from './forwarded-headers.ts';

const PASSED_ON_HEADERS = ['cookie', 'user-agent'];
const LOCKED = { message: 'Too many wrong codes; wait a while and try again', retryAfterSeconds: 15 * 60 };

/** One request as it came in. */
export interface AuthCall {
  readonly request: Request;
  readonly url: URL;
  readonly clientAddress: string;
}

export interface Forwarded {
  readonly method: 'GET' | 'POST';
  /** Below `/api/auth`. */
  readonly path: string;
  readonly body?: JsonObject;
  readonly query?: URLSearchParams;
  readonly invitationToken?: string | null;
  /** Who comes back from a provider, where they have a session of ours. */
  readonly signedInUserId?: string | null;
  /** See `CALL_HEADER`. */
  readonly callId?: string;
  /** It is about another provider than ourselves: see `BetterAuthHolder.get`. */
  readonly waits?: boolean;
}

export type Forward = (call: AuthCall, forwarded: Forwarded) => Promise<Response>;

export function createForwarder(holder: BetterAuthHolder, publicUrl: string): Forward {
  return async (call, forwarded) => {
    const { method, path, body, query, waits = false } = forwarded;
    const { invitationToken = null, signedInUserId = null } = forwarded;
    const headers = new Headers();
    for (const name of PASSED_ON_HEADERS) {
      const value = call.request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    // The session gate has judged the true one; we may be reached by other names, of which better-auth knows nothing.
    headers.set('origin', new URL(publicUrl).origin);
    if (call.clientAddress.includes('.') || call.clientAddress.includes(':')) {
      headers.set(CLIENT_ADDRESS_HEADER, call.clientAddress);
    }
    if (invitationToken !== null) headers.set(INVITATION_HEADER, invitationToken);
    if (signedInUserId !== null) headers.set(SIGNED_IN_USER_HEADER, signedInUserId);
    if (forwarded.callId !== undefined) headers.set(CALL_HEADER, forwarded.callId);
    if (body !== undefined) headers.set('content-type', 'application/json');
    const target = new URL(`${publicUrl}/api/auth${path}`);
    if (query !== undefined) target.search = query.toString();
    const auth = await holder.get({ waits });
    const answer = await auth.handler(
      new Request(target.href, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
    // Its own lock on second factors, told as we tell all limits.
    if (answer.status === 429) throw new TurnpikeError('rate_limit_exceeded', LOCKED);
    return await withoutTokens(answer);
  };
}

/** Sessions travel in cookies that scripts cannot read; a copy in the body would undo that. */
async function withoutTokens(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  headers.delete('content-length');
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  if (!isJson) return new Response(answer.body, { status: answer.status, headers });
  const text = await answer.text();
  const value: unknown = text === '' ? null : JSON.parse(text);
  return new Response(JSON.stringify(strip(value)), { status: answer.status, headers });
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => name !== 'token');
  return Object.fromEntries(kept.map(([name, member]) => [name, strip(member)]));
}
