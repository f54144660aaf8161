/**
 * Whom a rate limit names: as callers call them, and as everything inside does. A key has another name once it is rotated, and a model
 * may have several.
 */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { invalidField } from '../errors.ts';
import { livingKeysNamed, shownHashesOf } from '../keys/key-names.ts';
import type { Db } from '../storage/database.ts';
import type { RateLimitTable } from '../storage/limit-tables.ts';
import type { Workspace } from '../tenancy/tenants.ts';
import type { RateLimitWish } from './fields.ts';

export interface RateTargets {
  readonly isMember: (accountId: string, userId: string) => Promise<boolean>;
  /** A function, because another one may take its place. */
  readonly catalogue: () => Catalogue;
}

/** Null: it names nobody. Throws a 400 for whatever is none of the workspace's; another account's looks like none at all. */
export async function targetIdOf(
  { isMember, catalogue }: RateTargets,
  db: Db,
  { id: workspaceId, account_id: accountId }: Workspace,
  { subject, target }: Pick<RateLimitWish, 'subject' | 'target'>,
  nowMs: number,
): Promise<string | null> {
  if (target === null) return null;
  if (subject === 'api_key') {
    const key = (await livingKeysNamed(db, accountId, [target], nowMs)).get(target);
    if (key?.workspace_id === workspaceId && key.kind === 'api') return key.hash;
    throw invalidField('target', 'must be the hash of an API key of this workspace');
  }
  if (subject === 'member') {
    if (await isMember(accountId, target)) return target;
    throw invalidField('target', 'must be the id of a member of the organization');
  }
  const found = catalogue().find(target);
  if (found !== null && found.variant === null && found.router === null) return found.model.id;
  throw invalidField('target', 'must be the id of a model that this gateway offers, without a variant');
}

/** The same rows with the names that callers know. */
export async function withShownTargets(
  db: Db,
  accountId: string,
  rows: readonly RateLimitTable[],
): Promise<RateLimitTable[]> {
  const keys = rows.filter(({ subject, target }) => subject === 'api_key' && target !== '');
  const shown = await shownHashesOf(
    db,
    accountId,
    keys.map(({ target }) => target),
  );
  return rows.map((row) =>
    row.subject === 'api_key' ? { ...row, target: shown.get(row.target) ?? row.target } : row,
  );
}
