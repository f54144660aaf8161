/** All SQL on `oauth_client` and `oauth_client_key`. What an admin may manage is found together with the account alone. */
import type { Db, Trx } from '../../storage/database.ts';
import type { OauthClientKeyTable, OauthClientTable } from '../../storage/schema.ts';

export type ClientRow = OauthClientTable;

export async function insertClient(db: Db, row: ClientRow): Promise<void> {
  await db.insertInto('oauth_client').values(row).execute();
}

/** For apps themselves and for consent: whichever account it belongs to. */
export function findClient(db: Db, clientId: string): Promise<ClientRow | undefined> {
  return db.selectFrom('oauth_client').selectAll().where('client_id', '=', clientId).executeTakeFirst();
}

/** Newest first. Served by `oauth_client_account`. */
export function listClients(db: Db, accountId: string): Promise<ClientRow[]> {
  return db
    .selectFrom('oauth_client')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('client_id')
    .execute();
}

/** Undefined: this account has no such app. */
export function updateClient(
  db: Db,
  accountId: string,
  clientId: string,
  changes: Partial<Pick<ClientRow, 'name' | 'redirect_uris' | 'secret_hash'>>,
): Promise<ClientRow | undefined> {
  return db
    .updateTable('oauth_client')
    .set({ client_id: clientId, ...changes })
    .where('client_id', '=', clientId)
    .where('account_id', '=', accountId)
    .returningAll()
    .executeTakeFirst();
}

/** False: this account has no such app. */
export async function deleteClient(db: Db, accountId: string, clientId: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('oauth_client')
    .where('client_id', '=', clientId)
    .where('account_id', '=', accountId)
    .returning('client_id')
    .executeTakeFirst();
  return deleted !== undefined;
}

/** Apps that registered themselves and never got a key. */
export async function deleteUnusedClientsUntil(db: Db, createdUntilMs: number): Promise<void> {
  await db
    .deleteFrom('oauth_client')
    .where('is_dynamic', '=', 1)
    .where('last_used_at_ms', 'is', null)
    .where('created_at_ms', '<=', createdUntilMs)
    .execute();
}

/** False: the app is gone. Its row is held until the commit, so that an app that is being deleted gets no key any more. */
export async function touchClient(trx: Trx, clientId: string, nowMs: number): Promise<boolean> {
  const touched = await trx
    .updateTable('oauth_client')
    .set({ last_used_at_ms: nowMs })
    .where('client_id', '=', clientId)
    .returning('client_id')
    .executeTakeFirst();
  return touched !== undefined;
}

export async function insertClientKey(trx: Trx, row: OauthClientKeyTable): Promise<void> {
  await trx.insertInto('oauth_client_key').values(row).execute();
}

/** Undefined: no key of this app. */
export function findClientKey(
  db: Db,
  clientId: string,
  keyHash: string,
): Promise<OauthClientKeyTable | undefined> {
  return db
    .selectFrom('oauth_client_key')
    .selectAll()
    .where('key_hash', '=', keyHash)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
}
