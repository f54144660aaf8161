/** From somebody who is signed in to one of their own keys, which what they ask is charged to, limited and recorded by. */
import { TurnpikeError } from '../errors.ts';
import type { AdmitKey } from './authenticate.ts';
import type { KeyCache } from './key-cache.ts';
import type { Principal } from './principal.ts';
import type { Session } from './session.ts';

/** `hash` is public by design: it is the session that authenticates. Throws, or rejects, with a `TurnpikeError`. */
export type OwnKey = (session: Session, hash: string) => Promise<Principal>;

const KEY_HASH = /^[0-9a-f]{64}$/;

/** Whose key it is comes first, so that nobody learns of another's whether it is disabled or expired. */
export function createOwnKeys({
  cache,
  admitKey,
}: {
  cache: Pick<KeyCache, 'get' | 'load'>;
  admitKey: AdmitKey;
}): OwnKey {
  return async ({ accountId, userId }, hash) => {
    const held = KEY_HASH.test(hash) ? cache.get(hash) : null;
    const found = held === undefined ? await cache.load(hash) : held;
    if (
      found === null ||
      found.kind !== 'api' ||
      found.accountId !== accountId ||
      found.creatorUserId !== userId
    )
      throw new TurnpikeError('not_found', { message: 'api_key_hash: you have no such key' });
    if (found.isDelegated === true)
      throw new TurnpikeError('permission_denied', {
        message: 'This key was made for an app, which alone may spend by it; choose another one of your keys',
      });
    return await admitKey(found.keyHash, 'apiKey');
  };
}
