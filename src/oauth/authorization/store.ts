/** All SQL on `oauth_app` and `oauth_code`. A code is found by the hash of its secret text alone. */
import type { Db, Trx } from '../../storage/database.ts';
import type { OauthCodeTable } from '../../storage/schema.ts';

export type CodeRow = OauthCodeTable;

export async function findAppId(db: Db, origin: string): Promise<number | undefined> {
  const row = await db.selectFrom('oauth_app').select('id').where('origin', '=', origin).executeTakeFirst();
  return row?.id;
}

/** Whoever is second waits at the counter's row until the first has committed, and then finds its app. */
export async function findOrInsertApp(trx: Trx, origin: string, nowMs: number): Promise<number> {
  const { last_app_id: id } = await trx
    .updateTable('oauth_app_counter')
    .set((column) => ({ last_app_id: column('last_app_id', '+', 1) }))
    .where('id', '=', 1)
    .returning('last_app_id')
    .executeTakeFirstOrThrow();
  const found = await findAppId(trx, origin);
  if (found !== undefined) return found;
  await trx.insertInto('oauth_app').values({ id, origin, created_at_ms: nowMs }).execute();
  return id;
}

/** False: this code was made before. */
export async function insertCode(db: Db, row: CodeRow): Promise<boolean> {
  const inserted = await db
    .insertInto('oauth_code')
    .values(row)
    .onConflict((conflict) => conflict.column('code_hash').doNothing())
    .returning('code_hash')
    .executeTakeFirst();
  return inserted !== undefined;
}

export function findCode(db: Db, codeHash: string): Promise<CodeRow | undefined> {
  return db.selectFrom('oauth_code').selectAll().where('code_hash', '=', codeHash).executeTakeFirst();
}

/** False: the code has had all its attempts. Counts before the verifier is looked at, so that guesses at once are counted too. */
export async function countAttempt(db: Db, codeHash: string, maxAttempts: number): Promise<boolean> {
  const counted = await db
    .updateTable('oauth_code')
    .set((column) => ({ verifier_attempts: column('verifier_attempts', '+', 1) }))
    .where('code_hash', '=', codeHash)
    .where('verifier_attempts', '<', maxAttempts)
    .returning('code_hash')
    .executeTakeFirst();
  return counted !== undefined;
}

/** What whoever consents chooses. */
export type CodeChoice = Pick<
  CodeRow,
  'key_name' | 'key_limit_nano_usd' | 'key_limit_reset' | 'key_expires_at_ms' | 'workspace_id'
>;

/** Undefined: it is used or too old. PostgreSQL waits here for whoever is using it and has not committed yet. */
export function chooseAnew(
  db: Db,
  codeHash: string,
  choice: CodeChoice,
  nowMs: number,
): Promise<CodeRow | undefined> {
  return db
    .updateTable('oauth_code')
    .set(choice)
    .where('code_hash', '=', codeHash)
    .where('used_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .returningAll()
    .executeTakeFirst();
}

/**
 * For a key as this row has it. False: somebody else used it, or whoever consented has chosen otherwise since it was read.
 * PostgreSQL waits here for a twin that has not committed yet.
 */
export async function markCodeUsed(
  db: Db,
  row: CodeRow,
  used: { atMs: number; from: string; mintedKeyHash: string },
): Promise<boolean> {
  const claimed = await db
    .updateTable('oauth_code')
    .set({ used_at_ms: used.atMs, used_from: used.from, minted_key_hash: used.mintedKeyHash })
    .where('code_hash', '=', row.code_hash)
    .where('used_at_ms', 'is', null)
    .where('key_name', '=', row.key_name)
    .where('key_limit_nano_usd', 'is not distinct from', row.key_limit_nano_usd)
    .where('key_limit_reset', 'is not distinct from', row.key_limit_reset)
    .where('key_expires_at_ms', 'is not distinct from', row.key_expires_at_ms)
    .where('workspace_id', '=', row.workspace_id)
    .returning('code_hash')
    .executeTakeFirst();
  return claimed !== undefined;
}

/** So that nobody can use it any more; nothing happens to one that was used. */
export async function burnCode(db: Db, codeHash: string, atMs: number): Promise<void> {
  await db
    .updateTable('oauth_code')
    .set({ used_at_ms: atMs })
    .where('code_hash', '=', codeHash)
    .where('used_at_ms', 'is', null)
    .execute();
}

/** Served by `oauth_code_age`. */
export async function deleteCodesUntil(db: Db, createdUntilMs: number): Promise<void> {
  await db.deleteFrom('oauth_code').where('created_at_ms', '<=', createdUntilMs).execute();
}
