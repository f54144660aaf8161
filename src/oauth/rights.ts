/**
 * What a key may pass on: a key made with its consent never has more rights than it has itself. Looked at when the code is made,
 * where wanting too much is refused, and again when it is exchanged, where the key may have lost some and the rest is given.
 */
import type { Principal } from '../auth/principal.ts';
import { TurnpikeError } from '../errors.ts';
import type { KeyWish } from './bodies.ts';

export interface Rights {
  readonly expiresAtMs: number | null;
  readonly workspaceId: string;
}

/** What a key is given: a wish with its gaps filled in. */
export interface KeyGrant extends KeyWish {
  readonly workspaceId: string;
}

/**
 * A key that an app was given authorises nothing: whoever revokes it would leave its offspring behind, and nobody asked the user.
 * A key with a limit has none to pass on: each new key counts for itself, so several of them would together spend more than the
 * one that authorised them may.
 */
export function rightsOf({
  limitNanoUsd,
  expiresAtMs,
  workspaceId,
  isDelegated,
  isChild,
}: Principal): Rights {
  if (workspaceId === null) throw new TurnpikeError('management_key_not_allowed');
  if (isDelegated === true) {
    throw new TurnpikeError('permission_denied', {
      message: 'An API key that was made for an app cannot authorise others: ask its user',
    });
  }
  if (isChild === true) {
    throw new TurnpikeError('permission_denied', {
      message: 'An API key that another one made for itself cannot authorise apps: use that one',
    });
  }
  if (limitNanoUsd !== null) {
    throw new TurnpikeError('permission_denied', {
      message:
        'An API key with a limit cannot authorise apps: use a key without one, and give the app a limit',
    });
  }
  return { expiresAtMs, workspaceId };
}

/** What is not asked for is no excess: `narrowed` fills it in. */
export function mustBeWithin(wish: KeyWish, rights: Rights): void {
  // Every workspace but the key's own is refused alike, so that nobody learns which ids exist.
  if (wish.workspaceId !== null && wish.workspaceId !== rights.workspaceId) throw exceeds('workspace_id');
  if (rights.expiresAtMs !== null && (wish.expiresAtMs ?? 0) > rights.expiresAtMs)
    throw exceeds('expires_at');
}

/** The wish as far as the rights go. */
export function narrowed(wish: KeyWish, rights: Rights): KeyGrant {
  return {
    ...wish,
    expiresAtMs: earlier(wish.expiresAtMs, rights.expiresAtMs),
    workspaceId: rights.workspaceId,
  };
}

/** Null: never. */
function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function exceeds(field: string): TurnpikeError {
  return new TurnpikeError('permission_denied', {
    message: `${field}: exceeds the rights of the API key that authorises it`,
  });
}
