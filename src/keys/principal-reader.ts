/** A key's row as the principal that requests are judged by. */
import { readAllowances } from '../allowances/read-allowances.ts';
import type { Principal } from '../auth/principal.ts';
import { type KeyPlace, readPolicy } from '../policy/read-policy.ts';
import { changesUpTo } from '../storage/changes.ts';
import type { Db } from '../storage/database.ts';
import { findAncestors, findLiveKeyByHash, type KeyRow } from './store.ts';

/**
 * What the key cache loads with: null for unknown and deleted keys alike. A key that another one authorised is no more than that one
 * is now: gone with it, at rest while it lets nothing work, expired when it is, and bound by the guardrails that bind it.
 */
export function principalReader(db: Db): (hash: string) => Promise<Principal | null> {
  return async (hash) => {
    // First: whatever is read after it may be newer than it says, and never older.
    const version = await changesUpTo(db);
    const row = await findLiveKeyByHash(db, hash);
    if (row === undefined) return null;
    const [parents, allowances] = await Promise.all([
      findAncestors(db, row.parent_key_hash),
      row.workspace_id === null ? null : readAllowances(db, row.workspace_id),
    ]);
    if (parents.some(isGone)) return null;
    const policy = row.kind === 'management' ? null : await readPolicy(db, [row, ...parents].map(placeOf));
    return { ...parents.reduce(bounded, principalOf(row)), policy, allowances, version };
  };
}

const placeOf = (row: KeyRow): KeyPlace => ({
  accountId: row.account_id,
  workspaceId: row.workspace_id,
  creatorUserId: row.creator_user_id,
  keyHash: row.hash,
});

const isGone = ({ deleted_at_ms }: KeyRow): boolean => deleted_at_ms !== null;

/**
 * Whether what this key authorised works now. A limit that is set later stops it, as it would have kept it from being made: what it
 * authorised counts for itself, and whoever has such keys in store would spend beyond the limit with them.
 */
export function letsOthersWork({ disabled, limit_nano_usd }: KeyRow): boolean {
  return disabled === 0 && limit_nano_usd === null;
}

function bounded(principal: Principal, parent: KeyRow): Principal {
  const expiries = [principal.expiresAtMs, parent.expires_at_ms].filter((ms) => ms !== null);
  return {
    ...principal,
    disabled: principal.disabled || !letsOthersWork(parent),
    expiresAtMs: expiries.length === 0 ? null : Math.min(...expiries),
  };
}

function principalOf(row: KeyRow): Principal {
  return {
    keyHash: row.hash,
    kind: row.kind,
    accountId: row.account_id,
    workspaceId: row.workspace_id,
    name: row.name,
    label: row.label,
    creatorUserId: row.creator_user_id,
    externalUser: row.external_user,
    limitNanoUsd: row.limit_nano_usd,
    limitReset: row.limit_reset,
    includeByokInLimit: row.include_byok_in_limit === 1,
    disabled: row.disabled === 1,
    expiresAtMs: row.expires_at_ms,
    cutStreamsWhenRevoked: row.cut_streams_when_revoked === 1,
    isDelegated: row.is_delegated === 1,
    version: row.version,
  };
}
