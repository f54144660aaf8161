/** SQL of replays: whose keys they were. */
import type { Db } from '../storage/database.ts';

export interface KeyOwner {
  readonly hash: string;
  readonly name: string;
  readonly creator_user_id: string | null;
}

/** Deleted ones included: what went through them has been spent. */
export async function ownersOfKeys(
  db: Db,
  accountId: string,
  hashes: readonly string[],
): Promise<KeyOwner[]> {
  if (hashes.length === 0) return [];
  return await db
    .selectFrom('api_key')
    .select(['hash', 'name', 'creator_user_id'])
    .where('account_id', '=', accountId)
    .where('hash', 'in', hashes)
    .execute();
}

/** Of these workspaces, keys or members; an absent part is no restriction. */
export async function keysConcerned(
  db: Db,
  accountId: string,
  { workspaceId, userIds }: { readonly workspaceId?: string; readonly userIds?: readonly string[] },
): Promise<string[]> {
  let query = db.selectFrom('api_key').select('hash').where('account_id', '=', accountId);
  if (workspaceId !== undefined) query = query.where('workspace_id', '=', workspaceId);
  if (userIds !== undefined) query = query.where('creator_user_id', 'in', userIds);
  const rows = await query.execute();
  return rows.map(({ hash }) => hash);
}
