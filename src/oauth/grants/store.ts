/** All SQL on what apps were given: their keys with the apps behind them, and the codes and devices that may yet become keys. */
import { sql } from 'kysely';
import type { Db, Trx } from '../../storage/database.ts';
import type { ApiKeyTable } from '../../storage/schema.ts';

/** More are not shown at once; those that work come before those that were revoked, and the newest first. */
const MAX_KEYS = 2000;

export interface Reach {
  readonly accountId: string;
  /** Only what this user consented to; null: whoever did. */
  readonly userId: string | null;
}

export type GrantedKey = ApiKeyTable & {
  /** Null: an app that nobody registered, or whose registration is gone. */
  readonly client_id: string | null;
  readonly client_name: string | null;
  readonly client_account_id: string | null;
  readonly client_is_dynamic: 0 | 1 | null;
};

/** Revoked ones too: what they spent is still the app's. */
export async function listGrantedKeys(db: Db, { accountId, userId }: Reach): Promise<GrantedKey[]> {
  let query = db
    .selectFrom('api_key')
    .leftJoin('oauth_client_key', 'oauth_client_key.key_hash', 'api_key.hash')
    .leftJoin('oauth_client', 'oauth_client.client_id', 'oauth_client_key.client_id')
    .selectAll('api_key')
    .select([
      'oauth_client.client_id as client_id',
      'oauth_client.name as client_name',
      'oauth_client.account_id as client_account_id',
      'oauth_client.is_dynamic as client_is_dynamic',
    ])
    .where('api_key.account_id', '=', accountId)
    .where('api_key.kind', '=', 'api')
    .where('api_key.is_delegated', '=', 1);
  if (userId !== null) query = query.where('api_key.creator_user_id', '=', userId);
  return await query
    .orderBy(sql`CASE WHEN api_key.deleted_at_ms IS NULL THEN 0 ELSE 1 END`)
    .orderBy('api_key.created_at_ms', 'desc')
    .orderBy('api_key.hash')
    .limit(MAX_KEYS)
    .execute();
}

/** Which of those a key is of. */
export type AppWanted =
  | { readonly kind: 'client'; readonly clientId: string }
  | { readonly kind: 'name'; readonly madeFor: string }
  | { readonly kind: 'key'; readonly hash: string };

/** The hashes of an app's keys that are not deleted; those of a name are of no registered app. */
export async function findKeysOfApp(
  trx: Trx,
  { accountId, userId }: Reach,
  app: AppWanted,
): Promise<string[]> {
  let query = trx
    .selectFrom('api_key')
    .leftJoin('oauth_client_key', 'oauth_client_key.key_hash', 'api_key.hash')
    .leftJoin('oauth_client', 'oauth_client.client_id', 'oauth_client_key.client_id')
    .select('api_key.hash')
    .where('api_key.account_id', '=', accountId)
    .where('api_key.kind', '=', 'api')
    .where('api_key.is_delegated', '=', 1)
    .where('api_key.deleted_at_ms', 'is', null);
  if (userId !== null) query = query.where('api_key.creator_user_id', '=', userId);
  if (app.kind === 'client') query = query.where('oauth_client.client_id', '=', app.clientId);
  else if (app.kind === 'key') query = query.where('api_key.hash', '=', app.hash);
  else query = query.where('api_key.made_for', '=', app.madeFor).where('oauth_client.client_id', 'is', null);
  return (await query.orderBy('api_key.hash').execute()).map(({ hash }) => hash);
}

/** Codes that nobody has used yet. They live for minutes, so there are few. */
export async function findOpenCodes(
  trx: Trx,
  { accountId, userId }: Reach,
): Promise<{ code_hash: string; client_id: string | null; callback_url: string | null }[]> {
  let query = trx
    .selectFrom('oauth_code')
    .select(['code_hash', 'client_id', 'callback_url'])
    .where('account_id', '=', accountId)
    .where('used_at_ms', 'is', null);
  if (userId !== null) query = query.where('user_id', '=', userId);
  return await query.orderBy('code_hash').execute();
}

/** So that nobody can use them any more. PostgreSQL waits here for whoever is using one and has not committed yet. */
export async function burnCodes(trx: Trx, hashes: readonly string[], atMs: number): Promise<void> {
  if (hashes.length === 0) return;
  await trx
    .updateTable('oauth_code')
    .set({ used_at_ms: atMs })
    .where('code_hash', 'in', hashes)
    .where('used_at_ms', 'is', null)
    .execute();
}

/** Devices of a registered app that were let in and have not fetched their key; how many there were. */
export async function burnDevices(
  trx: Trx,
  { accountId, userId }: Reach,
  clientId: string,
  atMs: number,
): Promise<number> {
  let query = trx
    .updateTable('oauth_device')
    .set({ used_at_ms: atMs })
    .where('client_id', '=', clientId)
    .where('account_id', '=', accountId)
    .where('used_at_ms', 'is', null);
  if (userId !== null) query = query.where('user_id', '=', userId);
  return (await query.returning('device_code_hash').execute()).length;
}
