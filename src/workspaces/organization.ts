/** The organisation as the management API has it: its members, and the rules that its keys live by. */
import { z } from 'zod';
import { membersOf } from '../accounts/members/members.ts';
import { recordAudit } from '../audit/record.ts';
import { TurnpikeError } from '../errors.ts';
import { rejudgeKeysOf } from '../keys/disable-keys.ts';
import { flag, parse } from '../keys/key-fields.ts';
import type { Db } from '../storage/database.ts';
import { type Account, findAccount, lockAccount, updateAccount } from '../tenancy/tenants.ts';
import type { OrganizationMember, OrganizationSettings } from './answers.ts';
import type { WorkspaceServices } from './workspaces.ts';

const MAX_ROTATION_DAYS = 3650;

const patch = z.object(
  {
    is_filtered_model_catalog_enabled: flag.optional(),
    key_rotation_days: z
      .int('must be a whole number of days, or null')
      .min(1, 'must be at least 1')
      .max(MAX_ROTATION_DAYS, `must be at most ${MAX_ROTATION_DAYS}`)
      .nullable()
      .optional(),
    is_key_rotation_enforced: flag.optional(),
  },
  'must be a JSON object',
);

/** 404 for a personal account, which has no members. */
export async function organizationMembers(
  services: Pick<WorkspaceServices, 'database'>,
  accountId: string,
): Promise<OrganizationMember[]> {
  await mustBeOrganization(services.database.db, accountId);
  return (await membersOf(services, accountId)).map(({ userId, email, name, role }) => {
    const [first = '', ...rest] = name.trim().split(/\s+/);
    return {
      ...{ id: userId, email, first_name: first === '' ? null : first },
      last_name: rest.length === 0 ? null : rest.join(' '),
      role: role === 'member' ? 'org:member' : 'org:admin',
    };
  });
}

export async function readOrganizationSettings(db: Db, accountId: string): Promise<OrganizationSettings> {
  return settingsJson(await mustBeOrganization(db, accountId));
}

/** What stays out of the body stays as it is. Every key is judged by the new rules with its next request. */
export async function changeOrganizationSettings(
  { database, clock, keyChanged }: Pick<WorkspaceServices, 'database' | 'clock' | 'keyChanged'>,
  accountId: string,
  body: unknown,
): Promise<OrganizationSettings> {
  const wanted = parse(patch, body);
  const nowMs = clock.nowMs();
  await mustBeOrganization(database.db, accountId);
  const { told, after } = await database.transaction(async (trx) => {
    const account = await lockAccount(trx, accountId);
    if (account === undefined) throw new TurnpikeError('not_found');
    const before = settingsJson(account);
    const after = { ...before, ...withoutGaps(wanted) };
    await updateAccount(trx, accountId, {
      is_model_catalogue_filtered: after.is_filtered_model_catalog_enabled ? 1 : 0,
      key_rotation_days: after.key_rotation_days,
      is_key_rotation_enforced: after.is_key_rotation_enforced ? 1 : 0,
    });
    await recordAudit(trx, {
      ...{ action: 'organisation.rules_changed', target: ['account', accountId], accountId, nowMs },
      ...{ before, after },
    });
    const isAboutKeys =
      after.key_rotation_days !== before.key_rotation_days ||
      after.is_key_rotation_enforced !== before.is_key_rotation_enforced;
    return { after, told: isAboutKeys ? await rejudgeKeysOf(trx, accountId, nowMs) : [] };
  });
  for (const hash of told) await keyChanged(hash);
  return after;
}

function withoutGaps<T extends object>(fields: T): { [K in keyof T]-?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

async function mustBeOrganization(db: Db, accountId: string): Promise<Account> {
  const account = await findAccount(db, accountId);
  if (account?.kind !== 'organisation') throw new TurnpikeError('not_found');
  return account;
}

function settingsJson(account: Account): OrganizationSettings {
  return {
    id: account.id,
    is_filtered_model_catalog_enabled: account.is_model_catalogue_filtered === 1,
    key_rotation_days: account.key_rotation_days,
    is_key_rotation_enforced: account.is_key_rotation_enforced === 1,
  };
}
