/** Who sets a key's bounds: what somebody above its creator has set, its creator as a member does not undo. No I/O. */
import { TurnpikeError } from '../errors.ts';
import type { KeyChanges, KeyRow } from './store.ts';

/** Who makes or changes a key. */
export interface KeyManager {
  /** Null: the account itself, by a management key or the command line. */
  readonly userId: string | null;
  /** A member has admins above them, and reaches nobody else's keys. */
  readonly isMember: boolean;
}

export const ACCOUNT_ITSELF: KeyManager = { userId: null, isMember: false };

const BOUNDS = [
  ...(['disabled', 'limit_nano_usd', 'limit_reset', 'include_byok_in_limit'] as const),
  ...(['on_exhaust', 'on_exhaust_model'] as const),
] as const;

/** Whether the bounds that a new key comes with are another's than its creator's. */
export function isBoundedFromAbove(
  manager: KeyManager,
  key: Pick<KeyRow, 'creator_user_id' | 'limit_nano_usd' | 'on_exhaust'>,
): boolean {
  return isAbove(manager, key.creator_user_id) && isBound(key);
}

/** The changes with whose word the bounds are from now on. Throws a 403 where they are not the manager's to change. */
export function boundedChanges(manager: KeyManager, row: KeyRow, changes: KeyChanges): KeyChanges {
  // Forms send what stays as it is, too.
  const changed = BOUNDS.filter((name) => changes[name] !== undefined && changes[name] !== row[name]);
  if (changed.length === 0) return changes;
  if (manager.isMember && row.bounded_by_admin === 1 && !isMereDisabling(changed, changes)) {
    throw new TurnpikeError('role_required', {
      message:
        'An admin has set the limit or the state of this key: only an admin may enable it, or change its limit and what happens when it is spent',
    });
  }
  if (!isAbove(manager, row.creator_user_id)) return changes;
  const after = { ...row, ...changes };
  // An admin who leaves nothing set gives the key back.
  return { ...changes, bounded_by_admin: after.disabled === 1 || isBound(after) ? 1 : 0 };
}

function isBound(key: Pick<KeyRow, 'limit_nano_usd' | 'on_exhaust'>): boolean {
  return key.limit_nano_usd !== null || key.on_exhaust !== null;
}

function isAbove({ userId, isMember }: KeyManager, creatorUserId: string | null): boolean {
  return !isMember && (userId === null || userId !== creatorUserId);
}

function isMereDisabling(changed: readonly string[], { disabled }: KeyChanges): boolean {
  return disabled === 1 && changed.every((name) => name === 'disabled');
}
