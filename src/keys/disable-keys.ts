/**
 * Disables what somebody made: keys have no more rights than their creator, and one who is gone has none. Whoever comes back does not
 * enable them either.
 */
import { recordChange } from '../storage/changes.ts';
import type { Trx } from '../storage/database.ts';
import { findDescendants, findHashesMadeBy, updateKey } from './store.ts';

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
    const row = await updateKey(trx, target, { disabled: 1, bounded_by_admin: 1 }, nowMs);
    if (row !== undefined) changed.push(hash);
  }
  const told = new Set(changed);
  for (const hash of changed) for (const child of await findDescendants(trx, hash)) told.add(child);
  for (const hash of told) await recordChange(trx, 'api_key', hash, nowMs);
  return [...told];
}
