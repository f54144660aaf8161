/** Tells every process that keys changed: under each name that it may hold them by. */
import { recordChange } from '../storage/changes.ts';
import type { Trx } from '../storage/database.ts';
import { findDescendants, findSecretsOf } from './store.ts';

/** To be called last in the transaction. A key that was rotated is held by the hash of each of its secrets. */
export async function tellChanged(trx: Trx, hashes: readonly string[], nowMs: number): Promise<void> {
  const secrets = await findSecretsOf(trx, hashes);
  const names = new Set([...hashes, ...secrets.map(({ hash }) => hash)]);
  for (const name of names) await recordChange(trx, 'api_key', name, nowMs);
}

/** Those that are judged by these when they are read are told of with them. */
export async function tellChangedWithChildren(
  trx: Trx,
  hashes: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const told = new Set(hashes);
  for (const hash of hashes) for (const child of await findDescendants(trx, hash)) told.add(child);
  await tellChanged(trx, [...told], nowMs);
  return [...told];
}
