/** A key's row as the principal that requests are judged by. */
import type { Principal } from '../auth/principal.ts';
import type { Db } from '../storage/database.ts';
import { findLiveKeyByHash, type KeyRow } from './store.ts';

/** What the key cache loads with: null for unknown and deleted keys alike. */
export function principalReader(db: Db): (hash: string) => Promise<Principal | null> {
  return async (hash) => {
    const row = await findLiveKeyByHash(db, hash);
    return row === undefined ? null : principalOf(row);
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
    version: row.version,
  };
}
