/** What goes with a workspace: the keys for providers that were brought for it alone. */
import { recordChange } from '../storage/changes.ts';
import type { Trx } from '../storage/database.ts';
import { deleteOwnKeysOf } from './store.ts';

/** To be called before anything that the log of changes has to tell last. */
export async function endOwnKeysOf(
  trx: Trx,
  { id: workspaceId }: { readonly id: string },
  nowMs: number,
): Promise<void> {
  for (const accountId of new Set(await deleteOwnKeysOf(trx, workspaceId, nowMs)))
    await recordChange(trx, 'byok', accountId, nowMs);
}
