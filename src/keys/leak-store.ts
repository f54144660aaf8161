/** All SQL on `key_leak`, and what else is asked of keys for what is told of them. */
import type { Db, Trx } from '../storage/database.ts';
import type { KeyLeakTable } from '../storage/notification-tables.ts';

export type KeyLeak = KeyLeakTable;

const OPEN = ['quarantined', 'reported'] as const;

/** False: this secret is known to have leaked. */
export async function insertLeak(trx: Trx, row: KeyLeak): Promise<boolean> {
  const inserted = await trx
    .insertInto('key_leak')
    .values(row)
    .onConflict((conflict) => conflict.column('secret_hash').doNothing())
    .returning('secret_hash')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Of the present secret of a key; undefined: nobody has found it. */
export function findOpenLeak(db: Db, keyHash: string): Promise<KeyLeak | undefined> {
  return db
    .selectFrom('key_leak')
    .selectAll()
    .where('key_hash', '=', keyHash)
    .where('state', 'in', OPEN)
    .executeTakeFirst();
}

/** Those that somebody still has to see to. */
export function listOpenLeaks(db: Db, accountId: string): Promise<KeyLeak[]> {
  return db
    .selectFrom('key_leak')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('state', 'in', OPEN)
    .execute();
}

export async function endLeak(
  trx: Trx,
  secretHash: string,
  state: 'restored' | 'replaced',
  nowMs: number,
): Promise<void> {
  await trx
    .updateTable('key_leak')
    .set({ state, ended_at_ms: nowMs })
    .where('secret_hash', '=', secretHash)
    .execute();
}

/** What the key comes back to when its secret is replaced: what was settled since the leak holds then. Nothing where none is open. */
export async function rememberForOpenLeak(
  trx: Trx,
  keyHash: string,
  state: Partial<Pick<KeyLeak, 'was_disabled' | 'was_bounded'>>,
): Promise<void> {
  await trx
    .updateTable('key_leak')
    .set(state)
    .where('key_hash', '=', keyHash)
    .where('state', 'in', OPEN)
    .execute();
}

/** Of these, those that some key has or had. */
export async function knownSecrets(db: Db, hashes: readonly string[]): Promise<Set<string>> {
  if (hashes.length === 0) return new Set();
  const [keys, secrets] = await Promise.all([
    db
      .selectFrom('api_key')
      .select('hash')
      .where('hash', 'in', [...hashes])
      .execute(),
    db
      .selectFrom('key_secret')
      .select('hash')
      .where('hash', 'in', [...hashes])
      .execute(),
  ]);
  return new Set([...keys, ...secrets].map(({ hash }) => hash));
}

export async function endSecret(trx: Trx, hash: string, nowMs: number): Promise<void> {
  await trx.updateTable('key_secret').set({ valid_until_ms: nowMs }).where('hash', '=', hash).execute();
}

export async function userName(db: Db, userId: string): Promise<string | null> {
  const row = await db.selectFrom('user').select('name').where('id', '=', userId).executeTakeFirst();
  return row?.name ?? null;
}

/** Whoever made a key; null: nobody, or it is unknown. */
export async function creatorOfKey(db: Db, hash: string): Promise<string | null> {
  const row = await db
    .selectFrom('api_key')
    .select('creator_user_id')
    .where('hash', '=', hash)
    .executeTakeFirst();
  return row?.creator_user_id ?? null;
}
