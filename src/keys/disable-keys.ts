/**
 * Disables what somebody made: keys have no more rights than their creator, and one who is gone has none. Whoever comes back does not
 * enable them either.
 */
import type { Db, Trx } from '../storage/database.ts';
import { rememberForOpenLeak } from './leak-store.ts';
import {
  bumpVersions,
  findHashesMadeBy,
  findKeysOfWorkspace,
  findLiveKeyHashes,
  type KeyRow,
  type KeyTarget,
  updateKey,
} from './store.ts';
import { tellChanged, tellChangedWithChildren } from './tell-change.ts';

/**
 * Until somebody above enables it: neither its creator nor the replacing of a secret that leaked does. Undefined: there is no such key. The
 * change is still to be told.
 */
export async function disableFromAbove(
  trx: Trx,
  target: KeyTarget,
  nowMs: number,
): Promise<KeyRow | undefined> {
  const row = await updateKey(trx, target, { disabled: 1, bounded_by_admin: 1 }, nowMs);
  if (row !== undefined) await rememberForOpenLeak(trx, row.hash, { was_disabled: 1, was_bounded: 1 });
  return row;
}

/** The hashes of what `disableKeysMadeBy` would change. */
export function findKeysMadeBy(trx: Trx, accountId: string, userId: string): Promise<string[]> {
  return findHashesMadeBy(trx, accountId, userId);
}

/** The hashes of those that were changed; tell this process of each after the commit. */
export async function disableKeysMadeBy(
  trx: Trx,
  { accountId, userId }: { accountId: string; userId: string },
  nowMs: number,
): Promise<string[]> {
  const changed: string[] = [];
  for (const hash of await findHashesMadeBy(trx, accountId, userId)) {
    const target = { accountId, hash, kinds: ['api', 'management'] as const };
    const row = await disableFromAbove(trx, target, nowMs);
    if (row !== undefined) changed.push(hash);
  }
  return await tellChangedWithChildren(trx, changed, nowMs);
}

/** What somebody made is judged anew wherever it is held: what they may do has changed. The hashes of what was told. */
export async function rejudgeKeysMadeBy(
  trx: Trx,
  { accountId, userIds }: { readonly accountId: string; readonly userIds: readonly string[] },
  nowMs: number,
): Promise<string[]> {
  const made: string[] = [];
  for (const userId of userIds) made.push(...(await findHashesMadeBy(trx, accountId, userId)));
  await bumpVersions(trx, made);
  return await tellChangedWithChildren(trx, made, nowMs);
}

/** All keys of an account: a rule of its own has changed that they are judged by. */
export async function rejudgeKeysOf(trx: Trx, accountId: string, nowMs: number): Promise<string[]> {
  const all = await findLiveKeyHashes(trx, accountId);
  await bumpVersions(trx, all);
  await tellChanged(trx, all, nowMs);
  return all;
}

/** Those that are not deleted. */
export function keysOfWorkspace(db: Db, accountId: string, workspaceId: string): Promise<KeyRow[]> {
  return findKeysOfWorkspace(db, accountId, workspaceId);
}

/** Those of a workspace that is deleted: nobody enables them again. The hashes of what was changed, to be told after the commit. */
export async function endKeysOfWorkspace(
  trx: Trx,
  accountId: string,
  workspaceId: string,
  nowMs: number,
): Promise<string[]> {
  const rows = await findKeysOfWorkspace(trx, accountId, workspaceId);
  for (const { hash } of rows) {
    const target = { accountId, hash, kinds: ['api'] as const };
    await disableFromAbove(trx, target, nowMs);
  }
  return await tellChangedWithChildren(
    trx,
    rows.map(({ hash }) => hash),
    nowMs,
  );
}
