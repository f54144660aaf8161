/** Who is bound by a guardrail: a key or a member has at most one of its own, and the next takes its place. */
import { recordAudit } from '../audit/record.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { asKeyIds, livingKeysNamed } from '../keys/key-names.ts';
import { recordGuardrailChange } from '../policy/guardrail-change.ts';
import type { Trx } from '../storage/database.ts';
import { mustFindGuardrail } from './find-guardrail.ts';
import type { GuardrailCaller, GuardrailServices } from './services.ts';
import {
  assignKey,
  assignMember,
  lockGuardrail,
  membersAmong,
  unassignKeys,
  unassignMembers,
} from './store.ts';

/** All or none. Throws 400 where one is none of the account's, 403 where one is a management key, which serves no requests. */
export async function assignKeys(
  services: GuardrailServices,
  caller: GuardrailCaller,
  id: string,
  hashes: readonly string[],
): Promise<number> {
  return await assign(services, caller, id, 'key', {
    idsOf: async (trx, accountId) => {
      const named = await livingKeysNamed(trx, accountId, hashes, services.clock.nowMs());
      if (hashes.some((hash) => !named.has(hash)))
        throw invalidField('key_hashes', 'names a key that does not exist');
      const keys = [...named.values()];
      if (keys.some(({ kind }) => kind !== 'api'))
        throw new TurnpikeError('permission_denied', {
          message: 'A guardrail cannot be assigned to a management key: it serves no requests',
        });
      return new Set(hashes.flatMap((hash) => named.get(hash)?.hash ?? []));
    },
    put: (trx, { holder: key_hash, ...row }) => assignKey(trx, { ...row, key_hash }),
  });
}

/** All or none. Throws 400 where one is no member. */
export async function assignMembers(
  services: GuardrailServices,
  caller: GuardrailCaller,
  id: string,
  userIds: readonly string[],
): Promise<number> {
  return await assign(services, caller, id, 'member', {
    idsOf: async (trx, accountId) => {
      const members = await membersAmong(trx, accountId, userIds);
      if (userIds.some((userId) => !members.has(userId)))
        throw invalidField('member_user_ids', 'names somebody who is not a member');
      return new Set(userIds);
    },
    put: (trx, { holder: user_id, ...row }) => assignMember(trx, { ...row, user_id }),
  });
}

interface Assignment {
  readonly account_id: string;
  readonly guardrail_id: string;
  readonly id: string;
  readonly assigned_by: string | null;
  readonly created_at_ms: number;
  readonly holder: string;
}

/** How many hold it now of those that were named. */
async function assign(
  { database, clock, changed }: GuardrailServices,
  { accountId, userId }: GuardrailCaller,
  id: string,
  kind: 'key' | 'member',
  table: {
    /** What the account knows them by, once each. */
    readonly idsOf: (trx: Trx, accountId: string) => Promise<ReadonlySet<string>>;
    /** False: it was assigned already. */
    readonly put: (trx: Trx, row: Assignment) => Promise<boolean>;
  },
): Promise<number> {
  const known = await mustFindGuardrail(database.db, accountId, id);
  if (known.applies_to !== 'assigned')
    throw new TurnpikeError('invalid_request', {
      message: 'A default guardrail binds everybody already: it cannot be assigned',
    });
  const nowMs = clock.nowMs();
  const held = await database.transaction(async (trx) => {
    if ((await lockGuardrail(trx, accountId, known.id)) === undefined) throw new TurnpikeError('not_found');
    const ids = await table.idsOf(trx, accountId);
    const bound: string[] = [];
    for (const holder of ids) {
      const row = { account_id: accountId, guardrail_id: known.id, id: newId(), assigned_by: userId, holder };
      if (await table.put(trx, { ...row, created_at_ms: nowMs })) bound.push(holder);
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
  kind: 'key' | 'member',
  holders: readonly string[],
): Promise<number> {
  const known = await mustFindGuardrail(database.db, accountId, id);
  const nowMs = clock.nowMs();
  const freed = await database.transaction(async (trx) => {
    const gone =
      kind === 'key'
        ? await unassignKeys(trx, accountId, known.id, await asKeyIds(trx, accountId, holders, nowMs))
        : await unassignMembers(trx, accountId, known.id, holders);
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
