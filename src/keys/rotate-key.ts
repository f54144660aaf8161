/** Gives a key another secret: name, limits, usage, history and assignments stay, and the old one may work for a while. */
import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import { newKeySecret } from '../auth/key-secret.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import type { Trx } from '../storage/database.ts';
import { findWorkspace } from '../tenancy/tenants.ts';
import type { CreatedKey, KeyWriteServices } from './create-key.ts';
import { disableFromAbove } from './disable-keys.ts';
import { parse } from './key-fields.ts';
import { endLeak, findOpenLeak, type KeyLeak } from './leak-store.ts';
import {
  endSecrets,
  findDescendants,
  findSecretsOf,
  insertSecret,
  type KeyChanges,
  type KeyRow,
  type KeyTarget,
  lockKey,
  updateKey,
} from './store.ts';
import { tellChanged } from './tell-change.ts';

const MAX_OVERLAP_SECONDS = 30 * 24 * 3600;

const body = z.strictObject(
  {
    old_valid_for_seconds: z
      .int(`must be a whole number of seconds from 0 to ${MAX_OVERLAP_SECONDS}`)
      .min(0, 'must not be negative')
      .max(MAX_OVERLAP_SECONDS, `must be at most ${MAX_OVERLAP_SECONDS}: 30 days`)
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no member ${issue.keys.join(', ')}; there is old_valid_for_seconds`
        : 'must be a JSON object',
  },
);

/** In milliseconds, how long the old secret goes on working. */
export function parseRotation(json: unknown): number {
  return (parse(body, json).old_valid_for_seconds ?? 0) * 1000;
}

/**
 * 404 for a key that is out of reach. A secret of an earlier rotation ends with this one at the latest: whoever rotates because one
 * has leaked must not leave an older one behind. A key that is quarantined for a leak works again, with its new secret; what was made with
 * the public one does not, as nobody can tell who made it.
 */
export async function rotateKey(
  services: KeyWriteServices,
  target: KeyTarget,
  overlapMs: number,
): Promise<CreatedKey> {
  const { hash } = target;
  const secret = newKeySecret();
  const nowMs = services.clock.nowMs();
  const untilMs = nowMs + overlapMs;
  const row = await services.database.transaction(async (trx) => {
    const before = await lockKey(trx, target);
    if (before === undefined) return undefined;
    const leak = await findOpenLeak(trx, hash);
    if (leak !== undefined && overlapMs > 0)
      throw invalidField('old_valid_for_seconds', 'must be 0: the present secret of this key is public');
    if (before.secret_hash === null)
      await insertSecret(trx, {
        ...{ hash, key_hash: hash, created_at_ms: before.created_at_ms, valid_until_ms: null },
      });
    await endSecrets(trx, hash, untilMs);
    await insertSecret(trx, {
      ...{ hash: secret.hash, key_hash: hash, created_at_ms: nowMs, valid_until_ms: null },
    });
    const changes = {
      ...{ secret_hash: secret.hash, label: secret.label, rotated_at_ms: nowMs },
      ...(leak?.state === 'quarantined' && (await stateBehind(trx, before, leak))),
    };
    if (leak !== undefined) await endLeak(trx, leak.secret_hash, 'replaced', nowMs);
    const after = await updateKey(trx, target, changes, nowMs);
    await recordAudit(trx, {
      ...{ action: 'key.rotated', target: ['key', hash], accountId: before.account_id, nowMs },
      before: { label: before.label },
      after: { label: secret.label, old_valid_until_ms: untilMs },
    });
    const descendants = await findDescendants(trx, hash);
    if (leak !== undefined)
      for (const child of descendants) {
        const made = { accountId: before.account_id, hash: child, kinds: ['api'] as const };
        await disableFromAbove(trx, made, nowMs);
      }
    await tellChanged(trx, [hash, ...descendants], nowMs);
    return after;
  });
  if (row === undefined) throw new TurnpikeError('not_found');
  const names = await findSecretsOf(services.database.db, [hash]);
  for (const name of new Set([hash, ...names.map((one) => one.hash)])) await services.changed(name);
  return { key: secret.key, row };
}

/** Its state before it leaked, with what was changed since. A key whose workspace was deleted stays disabled. */
async function stateBehind(trx: Trx, key: KeyRow, leak: KeyLeak): Promise<KeyChanges> {
  const isHomeless =
    key.workspace_id !== null && (await findWorkspace(trx, key.account_id, key.workspace_id)) === undefined;
  return isHomeless
    ? { disabled: 1, bounded_by_admin: 1 }
    : { disabled: leak.was_disabled, bounded_by_admin: leak.was_bounded };
}
