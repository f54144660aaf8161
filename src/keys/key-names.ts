/**
 * What callers call a key by: the hash of its secret. A key that was rotated is the same one under another hash, so what they say is
 * looked up before anything else is, and what they are told is looked up last; everything inside goes by the hash that it was made with.
 * Whatever takes or shows a key's hash does so by what is here.
 */
import type { Db } from '../storage/database.ts';
import { isKeyHash } from './keys.ts';
import { findKeysByHash, findSecretsByHash, findSecretsOf, type KeyRow } from './store.ts';

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
  for (const { hash, key_hash, valid_until_ms } of secrets)
    if (isGood(valid_until_ms, nowMs) && owners.get(key_hash)?.account_id === accountId)
      ids.set(hash, key_hash);
  return ids;
}

const isGood = (validUntilMs: number | null, nowMs: number): boolean =>
  validUntilMs === null || validUntilMs > nowMs;

/**
 * As `keyIdsOf`, and by the hash that a key was made with, whatever became of that secret: figures and the audit log go on calling it so,
 * and what was read there may be asked for.
 */
export async function keyIdsMeant(
  db: Db,
  accountId: string,
  hashes: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const [ids, rows] = await Promise.all([
    keyIdsOf(db, accountId, hashes, nowMs),
    findKeysByHash(db, hashes.filter(isKeyHash)),
  ]);
  const ours = rows.filter((row) => row.account_id === accountId);
  return new Map([...ours.map(({ hash }) => [hash, hash] as const), ...ids]);
}

/** The same hashes as everything inside knows them, each once. One that names no key of the account stays as it is, and finds nothing. */
export async function asKeyIds(
  db: Db,
  accountId: string,
  hashes: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const ids = await keyIdsMeant(db, accountId, hashes, nowMs);
  return [...new Set(hashes.map((hash) => ids.get(hash) ?? hash))];
}

/** As `asKeyIds`, of one. */
export async function asKeyId(db: Db, accountId: string, hash: string, nowMs: number): Promise<string> {
  return (await asKeyIds(db, accountId, [hash], nowMs))[0] ?? hash;
}

/** Everything that these keys may be called, with what each of it names. */
export async function namesOfKeys(
  db: Db,
  keys: readonly KeyRow[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const ids = keys.map(({ hash }) => hash);
  const secrets = await inPieces(ids, (some) => findSecretsOf(db, some));
  const good = secrets.filter(({ valid_until_ms }) => isGood(valid_until_ms, nowMs));
  return new Map([
    ...good.map(({ hash, key_hash }) => [hash, key_hash] as const),
    ...ids.map((id) => [id, id] as const),
  ]);
}

/** So many names fit into one statement. */
const MOST_NAMES = 1000;

async function inPieces<T>(
  names: readonly string[],
  read: (some: readonly string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (let at = 0; at < names.length; at += MOST_NAMES)
    found.push(...(await read(names.slice(at, at + MOST_NAMES))));
  return found;
}

/** Of what callers name, the living keys of the account, whatever their kind, by what they are named. Another account's is none. */
export async function livingKeysNamed(
  db: Db,
  accountId: string,
  hashes: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, KeyRow>> {
  const ids = await keyIdsMeant(db, accountId, hashes, nowMs);
  const rows = new Map((await findKeysByHash(db, [...new Set(ids.values())])).map((row) => [row.hash, row]));
  const named = new Map<string, KeyRow>();
  for (const [hash, id] of ids) {
    const row = rows.get(id);
    if (row !== undefined && row.deleted_at_ms === null) named.set(hash, row);
  }
  return named;
}

/**
 * What callers are shown of keys of the account, by the hashes that these were made with: of one that was rotated, the hash of its present
 * secret. Another account's are missing, so that nobody learns by an id that they wrote down themselves.
 */
export async function shownHashesOf(
  db: Db,
  accountId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await inPieces([...new Set(ids)], (some) => findKeysByHash(db, some));
  const ours = rows.filter((row) => row.account_id === accountId);
  return new Map(ours.map((row) => [row.hash, row.secret_hash ?? row.hash]));
}

/** A list of keys as callers are shown it; null stays null. */
export async function asShown(
  db: Db,
  accountId: string,
  ids: readonly string[] | null,
): Promise<string[] | null> {
  if (ids === null) return null;
  const shown = await shownHashesOf(db, accountId, ids);
  return ids.map((id) => shown.get(id) ?? id);
}
