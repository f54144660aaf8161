/** Who is bound by a guardrail: a key or a member has at most one of its own, and the next takes its place. */
import { recordAudit } from '../audit/record.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { asKeyIds, livingKeysNamed } from '../keys/key-names.ts';
import { recordGuardrailChange } from '../policy/guardrail-change.ts';
import type { Trx } from '../storage/database.ts';
import { mustFindGuardrail } from './find-guardrail.ts';
import type { GuardrailCaller, GuardrailServices } from './services.ts';
import { assignTo, type HolderKind, lockGuardrail, membersAmong, unassignFrom } from './store.ts';

/** All or none. Throws 400 where one is none of the account's, 403 where one is a management key, which serves no requests. */
export async function assignKeys(
  services: GuardrailServices,
  caller: GuardrailCaller,
  id: string,
  hashes: readonly string[],
): Promise<number> {
  return await assign(services, caller, id, 'key', async (trx, accountId) => {
    const named = await livingKeysNamed(trx, accountId, hashes, services.clock.nowMs());
    if (hashes.some((hash) => !named.has(hash)))
      throw invalidField('key_hashes', 'names a key that does not exist');
    const keys = [...named.values()];
    if (keys.some(({ kind }) => kind !== 'api'))
      throw new TurnpikeError('permission_denied', {
        message: 'A guardrail cannot be assigned to a management key: it serves no requests',
      });
    return keys.map(({ hash }) => hash);
  });
}

/** All or none. Throws 400 where one is no member. */
export async function assignMembers(
  services: GuardrailServices,
  caller: GuardrailCaller,
  id: string,
  userIds: readonly string[],
): Promise<number> {
  return await assign(services, caller, id, 'member', async (trx, accountId) => {
    const members = await membersAmong(trx, accountId, userIds);
    if (userIds.some((userId) => !members.has(userId)))
      throw invalidField('member_user_ids', 'names somebody who is not a member');
    return userIds;
  });
}

/** How many hold it now of those that were named. `idsOf`: what the account knows them by. */
async function assign(
  { database, clock, changed }: GuardrailServices,
  { accountId, userId }: GuardrailCaller,
  id: string,
  kind: HolderKind,
  idsOf: (trx: Trx, accountId: string) => Promise<readonly string[]>,
): Promise<number> {
  const known = await mustFindGuardrail(database.db, accountId, id);
  if (known.applies_to !== 'assigned')
    throw new TurnpikeError('invalid_request', {
      message: 'A default guardrail binds everybody already: it cannot be assigned',
    });
  const nowMs = clock.nowMs();
  const held = await database.transaction(async (trx) => {
    if ((await lockGuardrail(trx, accountId, known.id)) === undefined) throw new TurnpikeError('not_found');
    // Once each, and in one order, so that two who assign the same ones do not wait for each other.
    const ids = new Set([...(await idsOf(trx, accountId))].sort());
    const bound: string[] = [];
    for (const holder of ids) {
      const row = { account_id: accountId, guardrail_id: known.id, id: newId(), assigned_by: userId, holder };
      if (await assignTo(trx, kind, { ...row, created_at_ms: nowMs })) bound.push(holder);
    }
    if (bound.length > 0)
      await recordAudit(trx, {
        ...{ action: 'guardrail.assigned', target: ['guardrail', known.id], accountId, nowMs },
        after: { [`${kind}s`]: bound },
      });
    for (const holder of bound) await recordGuardrailChange(trx, accountId, [kind, holder], nowMs);
    return ids.size;
  });
  await changed();
  return held;
}

/** How many were: those that were not assigned to it are nobody's fault. */
export async function unassign(
  { database, clock, changed }: GuardrailServices,
  { accountId }: GuardrailCaller,
  id: string,
  kind: HolderKind,
  holders: readonly string[],
): Promise<number> {
  const known = await mustFindGuardrail(database.db, accountId, id);
  const nowMs = clock.nowMs();
  const freed = await database.transaction(async (trx) => {
    const ids = kind === 'key' ? await asKeyIds(trx, accountId, holders, nowMs) : holders;
    const gone = await unassignFrom(trx, kind, { account_id: accountId, guardrail_id: known.id }, ids);
    if (gone.length > 0)
      await recordAudit(trx, {
        ...{ action: 'guardrail.unassigned', target: ['guardrail', known.id], accountId, nowMs },
        before: { [`${kind}s`]: gone },
      });
    for (const holder of gone) await recordGuardrailChange(trx, accountId, [kind, holder], nowMs);
    return gone;
  });
  await changed();
  return freed.length;
}
