/** Somebody whom the identity provider had named before they came: from now on they are linked, and have what their groups give. */
import type { Trx } from '../storage/database.ts';
import { applyGroups } from './access.ts';
import { findUserByEmail, updateUser } from './store.ts';

/**
 * To be called last in the transaction in which they join, which has locked the account before any workspace, as `inTurn` does: what the
 * identity provider changes at this moment counts. `email`: shown to be theirs.
 */
export async function arrived(
  trx: Trx,
  {
    accountId,
    userId,
    email,
  }: { readonly accountId: string; readonly userId: string; readonly email: string },
  nowMs: number,
): Promise<void> {
  const row = await findUserByEmail(trx, accountId, email.toLowerCase());
  if (row === undefined || row.user_id !== null || row.is_active === 0) return;
  await updateUser(trx, row.id, { user_id: userId });
  await applyGroups(trx, accountId, [{ ...row, user_id: userId }], nowMs);
}
