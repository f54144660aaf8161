/**
 * Changes and deletes a key: one transaction with its entry in the log of changes, then this process forgets what it held. What it
 * authorised is judged by it (`principal-reader.ts`), so every node hears of that too, and goes with it.
 */
import { recordAudit } from '../audit/record.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import type { Trx } from '../storage/database.ts';
import { findWorkspace } from '../tenancy/tenants.ts';
import { auditFacts } from './audit-facts.ts';
import type { KeyWriteServices } from './create-key.ts';
import { boundedChanges, type KeyManager } from './key-bounds.ts';
import { isKeyHash } from './keys.ts';
import { endLeak, findOpenLeak, rememberForOpenLeak } from './leak-store.ts';
import {
  findDescendants,
  type KeyChanges,
  type KeyRow,
  type KeyTarget,
  lockKey,
  markKeyDeleted,
  updateKey,
} from './store.ts';
import { tellChanged } from './tell-change.ts';
import { tellOwner } from './tell-owner.ts';

export async function changeKey(
  services: KeyWriteServices,
  manager: KeyManager,
  target: KeyTarget,
  changes: KeyChanges,
): Promise<KeyRow> {
  const { hash } = target;
  if (!isKeyHash(hash)) throw new TurnpikeError('not_found');
  const nowMs = services.clock.nowMs();
  const row = await services.database.transaction(async (trx) => {
    const before = await lockKey(trx, target);
    if (before === undefined) return undefined;
    if (changes.disabled === 0 && before.workspace_id !== null) {
      const workspace = await findWorkspace(trx, before.account_id, before.workspace_id);
      if (workspace === undefined)
        throw invalidRequest('disabled: the workspace of this key was deleted, so that it stays disabled');
    }
    const allowed = await withLeak(trx, manager, before, changes, nowMs);
    const updated = await updateKey(trx, target, allowed, nowMs);
    if (updated === undefined) return undefined;
    await recordAudit(trx, {
      ...{ action: 'key.changed', target: ['key', hash], accountId: updated.account_id },
      ...{ before: auditFacts(before), after: auditFacts(updated), nowMs },
    });
    if (before.disabled === 0 && updated.disabled === 1) await tellOwner(trx, 'key.disabled', updated, nowMs);
    await tellChanged(trx, [hash, ...(await findDescendants(trx, hash))], nowMs);
    return updated;
  });
  if (row === undefined) throw new TurnpikeError('not_found');
  await services.changed(hash);
  return row;
}

/**
 * What a change means for a key that is quarantined because its secret leaked. Enabling it ends the quarantine, and who has set its bounds
 * is who had before. Anything else is remembered too, for when its secret is replaced.
 */
async function withLeak(
  trx: Trx,
  manager: KeyManager,
  before: KeyRow,
  changes: KeyChanges,
  nowMs: number,
): Promise<KeyChanges> {
  const allowed = boundedChanges(manager, before, changes);
  const leak = before.disabled === 1 ? await findOpenLeak(trx, before.hash) : undefined;
  if (leak === undefined) return allowed;
  if (allowed.disabled !== 0) {
    const behind = { ...before, disabled: leak.was_disabled, bounded_by_admin: leak.was_bounded };
    const settled = boundedChanges(manager, behind, changes);
    await rememberForOpenLeak(trx, before.hash, {
      was_disabled: settled.disabled ?? leak.was_disabled,
      was_bounded: settled.bounded_by_admin ?? leak.was_bounded,
    });
    return allowed;
  }
  await endLeak(trx, leak.secret_hash, 'restored', nowMs);
  return allowed.limit_nano_usd === undefined ? { ...allowed, bounded_by_admin: leak.was_bounded } : allowed;
}

export async function deleteKey(services: KeyWriteServices, target: KeyTarget): Promise<void> {
  if (!isKeyHash(target.hash)) throw new TurnpikeError('not_found');
  const deleted = await deleteKeys(services, async () => [target]);
  if (!deleted.includes(target.hash)) throw new TurnpikeError('not_found');
}

/**
 * Deletes those that `find`, in the same transaction, names: all of them or none. Those that are gone already, or out of reach, are
 * passed over. The hashes of what was deleted.
 */
export async function deleteKeys(
  services: KeyWriteServices,
  find: (trx: Trx) => Promise<readonly KeyTarget[]>,
): Promise<string[]> {
  const nowMs = services.clock.nowMs();
  const told = new Map<string, readonly string[]>();
  await services.database.transaction(async (trx) => {
    for (const target of await find(trx)) {
      if (!(await deleteOne(trx, target, nowMs))) continue;
      const children = await findDescendants(trx, target.hash);
      for (const child of children)
        await deleteOne(
          trx,
          { ...target, hash: child, createdBy: undefined, inWorkspaces: undefined },
          nowMs,
        );
      told.set(target.hash, children);
    }
    // Last, as the log of changes has it.
    for (const [hash, children] of told) await tellChanged(trx, [hash, ...children], nowMs);
  });
  for (const hash of told.keys()) await services.changed(hash);
  return [...told.keys()];
}

/** False: there is no such key. */
async function deleteOne(trx: Trx, target: KeyTarget, nowMs: number): Promise<boolean> {
  const before = await lockKey(trx, target);
  if (before === undefined || !(await markKeyDeleted(trx, target, nowMs))) return false;
  await recordAudit(trx, {
    ...{ action: 'key.deleted', target: ['key', target.hash], accountId: before.account_id },
    ...{ before: auditFacts(before), nowMs },
  });
  return true;
}
