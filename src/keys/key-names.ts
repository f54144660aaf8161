/**
 * What callers call a key by: the hash of its secret. A key that was rotated is the same one under another hash, so what they say is
 * looked up before anything else is; everything inside goes by the hash that it was made with.
 */
import type { Db } from '../storage/database.ts';
import { isKeyHash } from './keys.ts';
import { findKeysByHash, findSecretsByHash } from './store.ts';

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
