/** Tells the owner of a key what somebody else did to it. */
import { currentActor } from '../audit/actor.ts';
import type { NamedKey } from '../notifications/news.ts';
import { tellNews } from '../notifications/tell.ts';
import type { Trx } from '../storage/database.ts';
import { creatorOfKey, userName } from './leak-store.ts';
import type { KeyRow } from './store.ts';

/** A key as it is told of; its hash is that of its present secret, as everywhere outside. */
export function namedKey(row: Pick<KeyRow, 'hash' | 'secret_hash' | 'name' | 'label'>): NamedKey {
  return { key_hash: row.secret_hash ?? row.hash, key_name: row.name, key_label: row.label };
}

/** In the transaction of the change; before `tellChanged`, which comes last. */
export async function tellOwner(
  trx: Trx,
  kind: 'key.created' | 'key.disabled',
  row: KeyRow,
  nowMs: number,
): Promise<void> {
  const { creator_user_id: userId, account_id: accountId, workspace_id: workspaceId } = row;
  const by = userId === null ? null : await whoElse(trx, userId);
  if (by === null) return;
  await tellNews(trx, { kind, accountId, workspaceId, userId, nowMs, data: { ...namedKey(row), by } });
}

/** Who acts, in words; null: the owner, or a key or app of theirs. */
async function whoElse(trx: Trx, ownerId: string): Promise<string | null> {
  const { kind, id } = currentActor();
  switch (kind) {
    case 'user':
      return id === ownerId ? null : ((id === null ? null : await userName(trx, id)) ?? 'an administrator');
    case 'management_key':
      return id !== null && (await creatorOfKey(trx, id)) === ownerId ? null : 'a management key';
    case 'operator':
      return 'whoever runs this gateway';
    default:
      return null;
  }
}
