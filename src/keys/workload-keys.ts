/** The keys that workloads may act as: of a workspace, and of nobody in particular. */
import type { Db } from '../storage/database.ts';
import type { ApiKeyTable } from '../storage/schema.ts';
import { livingKeysNamed } from './key-names.ts';
import { listAllKeys } from './list-keys.ts';

/** By whatever callers call it. Undefined: no such key of this account, or one that is somebody's own. */
export async function findWorkloadKey(
  db: Db,
  accountId: string,
  hash: string,
  nowMs: number,
): Promise<ApiKeyTable | undefined> {
  const row = (await livingKeysNamed(db, accountId, [hash], nowMs)).get(hash);
  return row?.kind === 'api' && isOfNobody(row) ? row : undefined;
}

/** Newest first. */
export async function listWorkloadKeys(db: Db, accountId: string): Promise<ApiKeyTable[]> {
  const rows = await listAllKeys(db, { accountId, kind: 'api', includeDisabled: true });
  return rows.filter(isOfNobody);
}

/** What a person made goes when the person goes, and what an app has is that app's; a build server must not depend on either. */
function isOfNobody(row: ApiKeyTable): boolean {
  return row.creator_user_id === null && row.is_delegated === 0;
}
