/** Changes and deletes a key: one transaction with its entry in the log of changes, then this process forgets what it held. */
import { TurnpikeError } from '../errors.ts';
import { recordChange } from '../storage/changes.ts';
import type { KeyKind } from '../storage/schema.ts';
import type { KeyWriteServices } from './create-key.ts';
import { isKeyHash } from './keys.ts';
import { type KeyChanges, type KeyRow, markKeyDeleted, updateKey } from './store.ts';

export interface KeyTarget {
  readonly accountId: string;
  readonly hash: string;
  /** A key of another kind is not found. */
  readonly kinds: readonly KeyKind[];
}

export async function changeKey(
  services: KeyWriteServices,
  target: KeyTarget,
  changes: KeyChanges,
): Promise<KeyRow> {
  const { accountId, hash, kinds } = target;
  if (!isKeyHash(hash)) throw new TurnpikeError('not_found');
  const nowMs = services.clock.nowMs();
  const row = await services.database.transaction(async (trx) => {
    const updated = await updateKey(trx, accountId, hash, kinds, changes, nowMs);
    if (updated !== undefined) await recordChange(trx, 'api_key', hash, nowMs);
    return updated;
  });
  if (row === undefined) throw new TurnpikeError('not_found');
  await services.changed(hash);
  return row;
}

export async function deleteKey(services: KeyWriteServices, target: KeyTarget): Promise<void> {
  const { accountId, hash, kinds } = target;
  if (!isKeyHash(hash)) throw new TurnpikeError('not_found');
  const nowMs = services.clock.nowMs();
  const wasThere = await services.database.transaction(async (trx) => {
    const deleted = await markKeyDeleted(trx, accountId, hash, kinds, nowMs);
    if (deleted) await recordChange(trx, 'api_key', hash, nowMs);
    return deleted;
  });
  if (!wasThere) throw new TurnpikeError('not_found');
  await services.changed(hash);
}
