/**
 * What callers call a key by: the hash of its secret. A key that was rotated is the same one under another hash, so what they say is
 * looked up before anything else is; everything inside goes by the hash that it was made with.
 */
import type { Db } from '../storage/database.ts';
import { isKeyHash } from './keys.ts';
import { findKeysByHash, findSecretsByHash, type KeyRow } from './store.ts';

/**
 * Those among these hashes that are good names of keys of the account, with what each names. The hash of a secret that was replaced
 * is one as long as that secret is good.
 */
export async function keyIdsOf(
  db: Db,
  accountId: string,
  hashes: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const asked = hashes.filter(isKeyHash);
  const [rows, secrets] = await Promise.all([findKeysByHash(db, asked), findSecretsByHash(db, asked)]);
  const ids = new Map<string, string>();
  for (const row of rows)
    if (row.account_id === accountId && row.secret_hash === null) ids.set(row.hash, row.hash);
  const owners = new Map(
    (
      await findKeysByHash(
        db,
        secrets.map(({ key_hash }) => key_hash),
      )
    ).map((row) => [row.hash, row]),
  );
  for (const { hash, key_hash, valid_until_ms } of secrets) {
    const isGood = valid_until_ms === null || valid_until_ms > nowMs;
    if (isGood && owners.get(key_hash)?.account_id === accountId) ids.set(hash, key_hash);
  }
  return ids;
}

/** Of what callers name, the living keys of the account, whatever their kind, by what they are named. Another account's is none. */
export async function livingKeysNamed(
  db: Db,
  accountId: string,
  hashes: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, KeyRow>> {
  const ids = await keyIdsOf(db, accountId, hashes, nowMs);
  const rows = new Map((await findKeysByHash(db, [...new Set(ids.values())])).map((row) => [row.hash, row]));
  const named = new Map<string, KeyRow>();
  for (const [hash, id] of ids) {
    const row = rows.get(id);
    if (row !== undefined && row.deleted_at_ms === null) named.set(hash, row);
  }
  return named;
}

/** What callers are shown of keys, by the hashes that these were made with: of one that was rotated, the hash of its present secret. */
export async function shownHashesOf(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await findKeysByHash(db, [...new Set(ids)]);
  return new Map(rows.map(({ hash, secret_hash }) => [hash, secret_hash ?? hash]));
}
