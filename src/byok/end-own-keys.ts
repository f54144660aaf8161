/** What goes with a workspace: the keys for providers that were brought for it alone. */
import { recordChange } from '../storage/changes.ts';
import type { Trx } from '../storage/database.ts';
import { deleteOwnKeysOf } from './store.ts';

/** What it gives tells of it, and is called last in the transaction. */
export async function endOwnKeysOf(
  trx: Trx,
  { id: workspaceId }: { readonly id: string },
  nowMs: number,
): Promise<() => Promise<void>> {
  const accounts = new Set(await deleteOwnKeysOf(trx, workspaceId, nowMs));
  return async () => {
    for (const accountId of accounts) await recordChange(trx, 'byok', accountId, nowMs);
  };
}
