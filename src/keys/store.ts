/** All SQL on `api_key` and `idempotent_answer`. Except for authentication, every read names the account first: a foreign hash is not found. */
import type { Transaction } from 'kysely';
import type { Db } from '../storage/database.ts';
import type { ApiKeyTable, IdempotentAnswerTable, KeyKind, Tables } from '../storage/schema.ts';

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

export interface KeyFilter {
  readonly accountId: string;
  readonly kind: KeyKind;
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  readonly includeDisabled: boolean;
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
  if (!filter.includeDisabled) query = query.where('disabled', '=', 0);
  return query
    .orderBy('created_at_ms', 'desc')
    .orderBy('hash', 'desc')
    .limit(filter.limit)
    .offset(filter.offset)
    .execute();
}

/** One look-up by primary key. */
export function findKey(
  db: Db,
  accountId: string,
  hash: string,
  kinds: readonly KeyKind[],
): Promise<KeyRow | undefined> {
  return db
    .selectFrom('api_key')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('hash', '=', hash)
    .where('kind', 'in', kinds)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirst();
}

export async function insertKey(trx: Transaction<Tables>, row: KeyRow): Promise<void> {
  await trx.insertInto('api_key').values(row).execute();
}

/** Locks the row until the commit; the version counts in the database, so that concurrent changes never share one. */
export function updateKey(
  trx: Transaction<Tables>,
  accountId: string,
  hash: string,
  kinds: readonly KeyKind[],
  changes: KeyChanges,
  nowMs: number,
): Promise<KeyRow | undefined> {
  return trx
    .updateTable('api_key')
    .set((column) => ({ ...changes, updated_at_ms: nowMs, version: column('version', '+', 1) }))
    .where('account_id', '=', accountId)
    .where('hash', '=', hash)
    .where('kind', 'in', kinds)
    .where('deleted_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/** The row stays, so that history still names it. False: there was nothing to delete. */
export async function markKeyDeleted(
  trx: Transaction<Tables>,
  accountId: string,
  hash: string,
  kinds: readonly KeyKind[],
  nowMs: number,
): Promise<boolean> {
  const deleted = await trx
    .updateTable('api_key')
    .set((column) => ({ deleted_at_ms: nowMs, updated_at_ms: nowMs, version: column('version', '+', 1) }))
    .where('account_id', '=', accountId)
    .where('hash', '=', hash)
    .where('kind', 'in', kinds)
    .where('deleted_at_ms', 'is', null)
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
