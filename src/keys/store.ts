/** All SQL on `api_key` and `idempotent_answer`. Except for authentication, every read names the account first: a foreign hash is not found. */
import { type ExpressionBuilder, sql, type Transaction } from 'kysely';
import type { Db } from '../storage/database.ts';
import type { ApiKeyTable, IdempotentAnswerTable, KeyKind, Tables } from '../storage/schema.ts';
import type { KeySecretTable } from '../storage/workspace-tables.ts';
import type { WindowIds } from '../window.ts';

export type KeyRow = ApiKeyTable;
export type KeyChanges = Partial<
  Pick<
    KeyRow,
    | 'name'
    | 'disabled'
    | 'limit_nano_usd'
    | 'limit_reset'
    | 'include_byok_in_limit'
    | 'cut_streams_when_revoked'
    | 'bounded_by_admin'
    | 'secret_hash'
    | 'rotated_at_ms'
    | 'label'
    | 'on_exhaust'
    | 'on_exhaust_model'
  >
>;

/** For authentication alone, where the hash comes from the secret itself. One look-up by primary key. */
export function findLiveKeyByHash(db: Db, hash: string): Promise<KeyRow | undefined> {
  return db
    .selectFrom('api_key')
    .selectAll()
    .where('hash', '=', hash)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirst();
}

/** The living key that a secret which took another's place belongs to; whether the secret is still good is the reader's to say. */
export function findLiveKeyBySecret(db: Db, secretHash: string): Promise<KeyRow | undefined> {
  return db
    .selectFrom('key_secret')
    .innerJoin('api_key', 'api_key.hash', 'key_secret.key_hash')
    .selectAll('api_key')
    .where('key_secret.hash', '=', secretHash)
    .where('api_key.deleted_at_ms', 'is', null)
    .executeTakeFirst();
}

/** Of rotated keys, all their secrets; served by `key_secret_of_key`. */
export function findSecretsOf(db: Db, keyHashes: readonly string[]): Promise<KeySecretTable[]> {
  if (keyHashes.length === 0) return Promise.resolve([]);
  return db.selectFrom('key_secret').selectAll().where('key_hash', 'in', keyHashes).execute();
}

export function findSecretsByHash(db: Db, hashes: readonly string[]): Promise<KeySecretTable[]> {
  if (hashes.length === 0) return Promise.resolve([]);
  return db.selectFrom('key_secret').selectAll().where('hash', 'in', hashes).execute();
}

export async function insertSecret(trx: Transaction<Tables>, row: KeySecretTable): Promise<void> {
  await trx.insertInto('key_secret').values(row).execute();
}

/** All that are good for longer end then. */
export async function endSecrets(trx: Transaction<Tables>, keyHash: string, untilMs: number): Promise<void> {
  await trx
    .updateTable('key_secret')
    .set({ valid_until_ms: untilMs })
    .where('key_hash', '=', keyHash)
    .where((where) => where.or([where('valid_until_ms', 'is', null), where('valid_until_ms', '>', untilMs)]))
    .execute();
}

/** Keys made by keys stand one below the other. */
export const MAX_DEPTH = 16;

/** The key that authorised one, and whichever authorised that, deleted ones included. One look-up by primary key each. */
export async function findAncestors(db: Db, parentHash: string | null): Promise<KeyRow[]> {
  const found: KeyRow[] = [];
  for (let hash = parentHash; hash !== null && found.length < MAX_DEPTH; ) {
    const row = await db.selectFrom('api_key').selectAll().where('hash', '=', hash).executeTakeFirst();
    if (row === undefined) break;
    found.push(row);
    hash = row.parent_key_hash;
  }
  return found;
}

/** All keys that are not deleted and that this one authorised, or one that it authorised. Served by `api_key_parent`. */
export async function findDescendants(db: Db, hash: string): Promise<string[]> {
  const found: string[] = [];
  let parents = [hash];
  for (let depth = 0; parents.length > 0 && depth < MAX_DEPTH; depth += 1) {
    const rows = await db
      .selectFrom('api_key')
      .select('hash')
      .where('parent_key_hash', 'in', parents)
      .where('deleted_at_ms', 'is', null)
      .execute();
    parents = rows.map((row) => row.hash);
    found.push(...parents);
  }
  return found;
}

/** Deleted ones included; for the keys that authorised some of an account's. */
export async function findKeysByHash(db: Db, hashes: readonly string[]): Promise<KeyRow[]> {
  if (hashes.length === 0) return [];
  return await db.selectFrom('api_key').selectAll().where('hash', 'in', hashes).execute();
}

/** Which key is meant: one of another account, kind or creator is not found. */
export interface KeyTarget {
  readonly accountId: string;
  readonly hash: string;
  readonly kinds: readonly KeyKind[];
  /** Only if this user made it; absent: whoever made it. */
  readonly createdBy?: string | undefined;
  /** Only if it is of one of these workspaces, or this user made it; absent: wherever it is. */
  readonly inWorkspaces?: Supervised | undefined;
}

/** What an admin of some workspaces reaches: every key of those, and their own. */
export interface Supervised {
  readonly ids: readonly string[];
  readonly orCreatedBy: string;
}

export interface KeyFilter {
  readonly accountId: string;
  /** Only those that this user made; absent: everybody's. */
  readonly createdBy?: string | undefined;
  /** Only those of these workspaces, and those that this user made; absent: everybody's. */
  readonly inWorkspaces?: Supervised | undefined;
  readonly kind: KeyKind;
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  readonly includeDisabled: boolean;
  /** Only those that do not expire before or at this time; absent: the expired ones too. */
  readonly aliveAtMs?: number | undefined;
  /** Only those that this key made for itself; absent: whoever made them. */
  readonly childrenOf?: string;
  /** Without the keys that apps got by OAuth: what is known of them is whom they were made for, or which registered app has them. */
  readonly withoutOauth?: boolean;
  /** In the name or the label, whatever its case; absent: any. */
  readonly text?: string | null;
  /** Absent or null: either. */
  readonly isDisabled?: boolean | null;
  /** Default: the newest first. `limitSpentIn`: by how much of their limits they have spent in these windows, the most first. */
  readonly order?: 'newest' | 'name' | { readonly limitSpentIn: WindowIds };
  readonly offset: number;
  readonly limit: number;
}

/** Newest first; the hash decides between keys of one millisecond, so that pages never overlap. Served by `api_key_listing`. */
export function listKeys(db: Db, filter: KeyFilter): Promise<KeyRow[]> {
  let query = db
    .selectFrom('api_key')
    .selectAll()
    .where('account_id', '=', filter.accountId)
    .where('kind', '=', filter.kind)
    .where('deleted_at_ms', 'is', null);
  if (filter.workspaceId !== null) query = query.where('workspace_id', '=', filter.workspaceId);
  if (filter.createdBy !== undefined) query = query.where('creator_user_id', '=', filter.createdBy);
  const { inWorkspaces } = filter;
  if (inWorkspaces !== undefined)
    query = query.where((where) =>
      where.or([
        where('creator_user_id', '=', inWorkspaces.orCreatedBy),
        ...(inWorkspaces.ids.length === 0 ? [] : [where('workspace_id', 'in', [...inWorkspaces.ids])]),
      ]),
    );
  if (!filter.includeDisabled) query = query.where('disabled', '=', 0);
  const { aliveAtMs } = filter;
  if (aliveAtMs !== undefined)
    query = query.where((where) =>
      where.or([where('expires_at_ms', 'is', null), where('expires_at_ms', '>', aliveAtMs)]),
    );
  if (filter.childrenOf !== undefined)
    query = query.where('parent_key_hash', '=', filter.childrenOf).where('is_child', '=', 1);
  if (filter.withoutOauth === true) query = query.where('is_delegated', '=', 0);
  if (filter.isDisabled != null) query = query.where('disabled', '=', filter.isDisabled ? 1 : 0);
  const { text } = filter;
  if (text != null) {
    // Signs that mean something to LIKE stand for themselves.
    const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
    query = query.where(
      sql<boolean>`(lower(name) like ${pattern} escape '\\' or lower(label) like ${pattern} escape '\\')`,
    );
  }
  if (filter.order === 'name') query = query.orderBy(sql`lower(name)`);
  else if (typeof filter.order === 'object')
    query = query.orderBy(shareSpentIn(filter.order.limitSpentIn), 'desc');
  return query
    .orderBy('created_at_ms', 'desc')
    .orderBy('hash', 'desc')
    .limit(filter.limit)
    .offset(filter.offset)
    .execute();
}

/** Of its limit, by one look-up by primary key for each key; -1: it has none. */
function shareSpentIn(windows: WindowIds) {
  return sql<number>`CASE
    WHEN limit_nano_usd IS NULL THEN -1.0
    WHEN limit_nano_usd = 0 THEN 1.0
    ELSE COALESCE((
      SELECT spent.cost_nano_usd + CASE WHEN api_key.include_byok_in_limit = 1 THEN spent.byok_nano_usd ELSE 0 END
      FROM usage_window AS spent
      WHERE spent.scope_kind = 'key' AND spent.scope_id = api_key.hash AND spent.window_id = CASE api_key.limit_reset
        WHEN 'daily' THEN ${windows.daily} WHEN 'weekly' THEN ${windows.weekly} WHEN 'monthly' THEN ${windows.monthly}
        ELSE ${windows.all} END
    ), 0) * 1.0 / limit_nano_usd END`;
}

/** One look-up by primary key. */
export function findKey(db: Db, target: KeyTarget): Promise<KeyRow | undefined> {
  return db.selectFrom('api_key').selectAll().where(isTarget(target)).executeTakeFirst();
}

export type KeyName = Pick<KeyRow, 'hash' | 'name' | 'label'>;

/** What keys are called, deleted ones included, so that history can name them. One look-up by primary key each. */
export function findKeyNames(db: Db, accountId: string, hashes: readonly string[]): Promise<KeyName[]> {
  if (hashes.length === 0) return Promise.resolve([]);
  return db
    .selectFrom('api_key')
    .select(['hash', 'name', 'label'])
    .where('account_id', '=', accountId)
    .where('hash', 'in', hashes)
    .execute();
}

/** All that this user made, deleted ones included. */
export async function findHashesMadeBy(db: Db, accountId: string, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('api_key')
    .select('hash')
    .where('account_id', '=', accountId)
    .where('creator_user_id', '=', userId)
    .execute();
  return rows.map(({ hash }) => hash);
}

/** Those of a workspace that are not deleted. */
export function findKeysOfWorkspace(db: Db, accountId: string, workspaceId: string): Promise<KeyRow[]> {
  return db
    .selectFrom('api_key')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at_ms', 'is', null)
    .execute();
}

/** So that a snapshot which is judged anew is newer than any that was read before; see `KeyCache`. */
export async function bumpVersions(trx: Transaction<Tables>, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return;
  await trx
    .updateTable('api_key')
    .set((column) => ({ version: column('version', '+', 1) }))
    .where('hash', 'in', hashes)
    .execute();
}

/** Those that are not deleted, of any workspace and kind. */
export async function findLiveKeyHashes(db: Db, accountId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('api_key')
    .select('hash')
    .where('account_id', '=', accountId)
    .where('deleted_at_ms', 'is', null)
    .execute();
  return rows.map(({ hash }) => hash);
}

/** Deleted keys are nobody's target. */
function isTarget({ accountId, hash, kinds, createdBy, inWorkspaces }: KeyTarget) {
  return (where: ExpressionBuilder<Tables, 'api_key'>) =>
    where.and([
      where('account_id', '=', accountId),
      where('hash', '=', hash),
      where('kind', 'in', kinds),
      where('deleted_at_ms', 'is', null),
      ...(createdBy === undefined ? [] : [where('creator_user_id', '=', createdBy)]),
      ...(inWorkspaces === undefined
        ? []
        : [
            where.or([
              where('creator_user_id', '=', inWorkspaces.orCreatedBy),
              ...(inWorkspaces.ids.length === 0 ? [] : [where('workspace_id', 'in', [...inWorkspaces.ids])]),
            ]),
          ]),
    ]);
}

export async function insertKey(trx: Transaction<Tables>, row: KeyRow): Promise<void> {
  await trx.insertInto('api_key').values(row).execute();
}

/**
 * As it stays until the commit, whoever changes it meanwhile: the write changes nothing and locks the row on both engines.
 */
export function lockKey(trx: Transaction<Tables>, target: KeyTarget): Promise<KeyRow | undefined> {
  return trx
    .updateTable('api_key')
    .set((column) => ({ version: column.ref('version') }))
    .where(isTarget(target))
    .returningAll()
    .executeTakeFirst();
}

/** Whether it works and may authorise others, and does until the commit, whoever changes or deletes it meanwhile. Children count against its limit, so it may have one. */
export async function lockUsableKey(
  trx: Transaction<Tables>,
  { hash, nowMs, mayHaveLimit }: { hash: string; nowMs: number; mayHaveLimit: boolean },
): Promise<boolean> {
  let query = trx
    .updateTable('api_key')
    .set((column) => ({ version: column.ref('version') }))
    .where('hash', '=', hash)
    .where('disabled', '=', 0)
    .where('deleted_at_ms', 'is', null)
    .where((where) => where.or([where('expires_at_ms', 'is', null), where('expires_at_ms', '>', nowMs)]));
  if (!mayHaveLimit) query = query.where('limit_nano_usd', 'is', null);
  const locked = await query.returning('hash').executeTakeFirst();
  return locked !== undefined;
}

/** Locks the row until the commit; the version counts in the database, so that concurrent changes never share one. */
export function updateKey(
  trx: Transaction<Tables>,
  target: KeyTarget,
  changes: KeyChanges,
  nowMs: number,
): Promise<KeyRow | undefined> {
  return trx
    .updateTable('api_key')
    .set((column) => ({ ...changes, updated_at_ms: nowMs, version: column('version', '+', 1) }))
    .where(isTarget(target))
    .returningAll()
    .executeTakeFirst();
}

/** The row stays, so that history still names it. False: there was nothing to delete. */
export async function markKeyDeleted(
  trx: Transaction<Tables>,
  target: KeyTarget,
  nowMs: number,
): Promise<boolean> {
  const deleted = await trx
    .updateTable('api_key')
    .set((column) => ({ deleted_at_ms: nowMs, updated_at_ms: nowMs, version: column('version', '+', 1) }))
    .where(isTarget(target))
    .returning('hash')
    .executeTakeFirst();
  return deleted !== undefined;
}

/** One look-up by primary key. */
export function findAnswer(
  db: Db,
  accountId: string,
  idempotencyKey: string,
  sinceMs: number,
): Promise<IdempotentAnswerTable | undefined> {
  return db
    .selectFrom('idempotent_answer')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('idempotency_key', '=', idempotencyKey)
    .where('created_at_ms', '>', sinceMs)
    .executeTakeFirst();
}

/** False: a twin was first. PostgreSQL waits here for a twin that has not committed yet. */
export async function insertAnswer(trx: Transaction<Tables>, row: IdempotentAnswerTable): Promise<boolean> {
  const inserted = await trx
    .insertInto('idempotent_answer')
    .values(row)
    .onConflict((conflict) => conflict.columns(['account_id', 'idempotency_key']).doNothing())
    .returning('account_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Served by `idempotent_answer_age`. */
export async function deleteAnswersUntil(db: Db, untilMs: number): Promise<void> {
  await db.deleteFrom('idempotent_answer').where('created_at_ms', '<=', untilMs).execute();
}

/** Living ones with a limit that something can be spent of, by their hashes, behind `after`. */
export function listLimitedKeys(db: Db, after: string, limit: number): Promise<KeyRow[]> {
  return db
    .selectFrom('api_key')
    .selectAll()
    .where('limit_nano_usd', '>', 0n)
    .where('deleted_at_ms', 'is', null)
    .where('hash', '>', after)
    .orderBy('hash')
    .limit(limit)
    .execute();
}

/** The same among these. */
export function findLimitedKeys(db: Db, hashes: readonly string[]): Promise<KeyRow[]> {
  if (hashes.length === 0) return Promise.resolve([]);
  return db
    .selectFrom('api_key')
    .selectAll()
    .where('limit_nano_usd', '>', 0n)
    .where('deleted_at_ms', 'is', null)
    .where('hash', 'in', [...hashes])
    .execute();
}

/** What is counted of keys in these windows. */
export function readSpent(db: Db, hashes: readonly string[], windowIds: readonly string[]) {
  return db
    .selectFrom('usage_window')
    .select(['scope_id', 'window_id', 'cost_nano_usd', 'byok_nano_usd'])
    .where('scope_kind', '=', 'key')
    .where('scope_id', 'in', [...hashes])
    .where('window_id', 'in', [...windowIds])
    .execute();
}

/** An account's living keys of either kind, by their hashes, behind `after`. */
export function findLiveKeys(db: Db, accountId: string, after: string, limit: number): Promise<KeyRow[]> {
  return db
    .selectFrom('api_key')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('deleted_at_ms', 'is', null)
    .where('hash', '>', after)
    .orderBy('hash')
    .limit(limit)
    .execute();
}
