/** From a request to the key that makes it: every gate between the two, in order, on one screen. */
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { keyTextOf, refusedKey } from './bearer.ts';
import type { KeyCache } from './key-cache.ts';
import { parseKeySecret } from './key-secret.ts';
import type { Principal } from './principal.ts';

/** Which kind of key a route takes; routes without a key never ask here. */
export type KeyAccess = 'apiKey' | 'managementKey' | 'anyKey';

/** Throws, or rejects, with a `TurnpikeError`; answers without a promise when the key is in memory. */
export type Authenticate = (request: Request, access: KeyAccess) => Principal | Promise<Principal>;

export function createAuthenticator(services: {
  cache: Pick<KeyCache, 'get' | 'load'>;
  clock: Clock;
}): Authenticate {
  const { cache, clock } = services;

  function admit(principal: Principal | null, access: KeyAccess): Principal {
    const known = mustExist(principal);
    mustNotBeExpired(known, clock.nowMs());
    mustBeEnabled(known);
    mustBeOfKind(known, access);
    return known;
  }

  return (request, access) => {
    const hash = mustBeWellFormed(keyTextOf(request));
    // Administration is rare and powerful: it trusts nothing in memory, so a revoked management key is refused at once everywhere.
    const held = access === 'managementKey' ? undefined : cache.get(hash);
    if (held !== undefined) return admit(held, access);
    return cache.load(hash).then((principal) => admit(principal, access));
  };
}

/** The checksum alone stops look-alikes: neither memory nor the database is asked about them. */
function mustBeWellFormed(keyText: string): string {
  const secret = parseKeySecret(keyText);
  if (secret === null) throw refusedKey('invalid_api_key');
  return secret.hash;
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

function mustBeOfKind(principal: Principal, access: KeyAccess): void {
  if (access === 'apiKey' && principal.kind === 'management')
    throw new TurnpikeError('management_key_not_allowed');
  if (access === 'managementKey' && principal.kind === 'api')
    throw new TurnpikeError('management_key_required');
}
