/**
 * A secret was found where everybody can read it: whatever has it is no proof of anything any more. The key is quarantined, which is to
 * say disabled with all that it made, until an admin says that it may go on, or its secret is replaced.
 */
import { recordAudit } from '../audit/record.ts';
import type { NewsData } from '../notifications/news.ts';
import { tellNews } from '../notifications/tell.ts';
import type { Trx } from '../storage/database.ts';
import type { KeyWriteServices } from './create-key.ts';
import { endSecret, insertLeak, type KeyLeak } from './leak-store.ts';
import {
  findLiveKeyByHash,
  findLiveKeyBySecret,
  findSecretsOf,
  type KeyRow,
  lockKey,
  updateKey,
} from './store.ts';
import { tellChangedWithChildren } from './tell-change.ts';
import { namedKey } from './tell-owner.ts';

export interface FoundSecret {
  /** SHA-256 of it. */
  readonly hash: string;
  /** Who found it. */
  readonly source: string;
  readonly place: string | null;
  readonly url: string | null;
}

type Action = NewsData['key.leaked']['action'];

/**
 * Of a secret that is known already, that of a deleted key and one that works no more nothing is told and nothing changes: whoever
 * sends an old report once more undoes nothing that an admin has decided since.
 * @param quarantines false: the key goes on working, and its owner is told alone
 */
export async function reportLeak(
  services: KeyWriteServices,
  found: FoundSecret,
  quarantines: boolean,
): Promise<void> {
  const nowMs = services.clock.nowMs();
  const { db } = services.database;
  const seen = (await findLiveKeyByHash(db, found.hash)) ?? (await findLiveKeyBySecret(db, found.hash));
  if (seen === undefined) return;
  const told = await services.database.transaction(async (trx) => {
    const target = { accountId: seen.account_id, hash: seen.hash, kinds: [seen.kind] };
    const row = await lockKey(trx, target);
    if (row === undefined) return [];
    const action = await actionOn(trx, row, found.hash, quarantines, nowMs);
    if (!(await insertLeak(trx, leakOf(row, found, action ?? 'secret_ended', nowMs)))) return [];
    if (action === null) return [];
    if (action === 'quarantined') await updateKey(trx, target, { disabled: 1, bounded_by_admin: 1 }, nowMs);
    if (action === 'secret_ended') await endSecret(trx, found.hash, nowMs);
    await record(trx, row, found, action, nowMs);
    return await tellChangedWithChildren(trx, [row.hash], nowMs);
  });
  for (const hash of new Set(told.length === 0 ? [] : [...told, found.hash])) await services.changed(hash);
}

/** Null: the secret works no more, and nothing is to be done. */
async function actionOn(
  trx: Trx,
  row: KeyRow,
  secretHash: string,
  quarantines: boolean,
  nowMs: number,
): Promise<Action | null> {
  if (row.expires_at_ms !== null && row.expires_at_ms <= nowMs) return null;
  if ((row.secret_hash ?? row.hash) === secretHash) return quarantines ? 'quarantined' : 'reported';
  const secret = (await findSecretsOf(trx, [row.hash])).find(({ hash }) => hash === secretHash);
  const isOver = secret === undefined || (secret.valid_until_ms !== null && secret.valid_until_ms <= nowMs);
  return isOver ? null : 'secret_ended';
}

function leakOf(row: KeyRow, found: FoundSecret, state: Action, nowMs: number): KeyLeak {
  const { source, place, url } = found;
  return {
    ...{ secret_hash: found.hash, account_id: row.account_id, key_hash: row.hash, source, place, url, state },
    ...{ was_disabled: row.disabled, was_bounded: row.bounded_by_admin, found_at_ms: nowMs },
    ended_at_ms: state === 'secret_ended' ? nowMs : null,
  };
}

async function record(
  trx: Trx,
  row: KeyRow,
  { source, place, url }: FoundSecret,
  action: Action,
  nowMs: number,
): Promise<void> {
  const { account_id: accountId, workspace_id: workspaceId, creator_user_id: userId } = row;
  await recordAudit(trx, {
    ...{ action: 'key.leaked', target: ['key', row.hash], accountId, nowMs },
    after: { source, place, url, action },
  });
  await tellNews(trx, {
    ...{ kind: 'key.leaked', accountId, workspaceId, userId, nowMs },
    data: { ...namedKey(row), source, place, url, action },
  });
}
