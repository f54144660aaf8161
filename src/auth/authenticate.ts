/** From a request to the key that makes it: every gate between the two, in order, on one screen. */
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { type AccessTokens, looksLikeAccessToken } from './access-token.ts';
import { keyTextOf, refusedKey } from './bearer.ts';
import type { KeyCache } from './key-cache.ts';
import { hashOf, isWellFormedKey } from './key-secret.ts';
import type { Principal } from './principal.ts';

/**
 * Which kind of key a route takes; routes without a key never ask here. An access token stands for the API key that it acts as,
 * except where the key itself is asked for.
 */
export type KeyAccess = 'apiKey' | 'keyItself' | 'managementKey' | 'anyKey';

/** Throws, or rejects, with a `TurnpikeError`; answers without a promise when the key is in memory. */
export type Authenticate = (
  request: Request,
  access: KeyAccess,
  keyHeaders?: readonly string[],
) => Principal | Promise<Principal>;

/** The gates of a key that is known by its hash. Throws, or rejects, with a `TurnpikeError`. */
export type AdmitKey = (hash: string, access: KeyAccess) => Principal | Promise<Principal>;

export function createKeyGates({
  cache,
  clock,
}: {
  cache: Pick<KeyCache, 'get' | 'load'>;
  clock: Clock;
}): AdmitKey {
  function admit(principal: Principal | null, access: KeyAccess): Principal {
    const known = mustExist(principal);
    mustNotBeExpired(known, clock.nowMs());
    mustBeEnabled(known);
    mustBeOfKind(known, access);
    return known;
  }

  return (hash, access) => {
    // Administration is rare and powerful: it trusts nothing in memory, so a revoked management key is refused at once everywhere.
    const held = access === 'managementKey' ? undefined : cache.get(hash);
    if (held !== undefined) return admit(held, access);
    return cache.load(hash).then((principal) => admit(principal, access));
  };
}

export function createAuthenticator(services: {
  cache: Pick<KeyCache, 'get' | 'load'>;
  clock: Clock;
  accessTokens: Pick<AccessTokens, 'keyHashOf'>;
  /** Where the doors that take a key in a header of its own let a Claude login through; default: nowhere. */
  passesLogins?: boolean;
}): Authenticate {
  const { accessTokens, passesLogins } = services;
  const admitKey = createKeyGates(services);

  function admitToken(hash: string, access: KeyAccess): Principal | Promise<Principal> {
    mustNotAskForTheKey(access);
    return admitKey(hash, access);
  }

  return (request, access, keyHeaders) => {
    const text = keyTextOf(request, keyHeaders, passesLogins);
    if (!looksLikeAccessToken(text)) return admitKey(mustBeWellFormed(text), access);
    const hash = accessTokens.keyHashOf(text);
    return typeof hash === 'string'
      ? admitToken(hash, access)
      : hash.then((verified) => admitToken(verified, access));
  };
}

/** Of the key that came with a request; null: none did, or none that works. Where nothing depends on it but what a listing shows. */
export async function callerOf(authenticate: Authenticate, request: Request): Promise<Principal | null> {
  if (!request.headers.has('authorization')) return null;
  try {
    return await authenticate(request, 'anyKey');
  } catch (thrown) {
    if (!(thrown instanceof TurnpikeError)) throw thrown;
    return null;
  }
}

/** Whether a request that anybody may make comes from somebody with a good key, or who is signed in. */
export async function isKnownCaller(
  authenticate: Authenticate,
  sessions: { readonly read: (request: Request) => Promise<unknown> },
  request: Request,
): Promise<boolean> {
  if ((await callerOf(authenticate, request)) !== null) return true;
  return request.headers.has('cookie') && (await sessions.read(request)) !== null;
}

/** The checksum alone stops look-alikes: neither memory nor the database is asked about them. */
function mustBeWellFormed(keyText: string): string {
  if (!isWellFormedKey(keyText)) throw refusedKey('invalid_api_key');
  return hashOf(keyText);
}

function mustExist(principal: Principal | null): Principal {
  if (principal === null) throw refusedKey('invalid_api_key');
  return principal;
}

function mustNotBeExpired(principal: Principal, nowMs: number): void {
  if (principal.expiresAtMs !== null && principal.expiresAtMs <= nowMs) throw refusedKey('key_expired');
}

function mustBeEnabled(principal: Principal): void {
  if (principal.disabled) throw new TurnpikeError('key_disabled');
}

/** A workload must not turn a token of minutes into a key of its own. */
function mustNotAskForTheKey(access: KeyAccess): void {
  if (access !== 'keyItself') return;
  throw new TurnpikeError('permission_denied', {
    message: 'An access token cannot be used here; use an API key',
  });
}

function mustBeOfKind(principal: Principal, access: KeyAccess): void {
  if (access === 'keyItself' && principal.kind === 'management') {
    throw new TurnpikeError('management_key_not_allowed', {
      message: 'A management key cannot authorise apps; use an API key, or ask a user at /auth',
    });
  }
  if (access === 'apiKey' && principal.kind === 'management')
    throw new TurnpikeError('management_key_not_allowed');
  if (access === 'managementKey' && principal.kind === 'api')
    throw new TurnpikeError('management_key_required');
}
