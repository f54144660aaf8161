/** SQL on what a database says of its installation: which one it is, whose master key sealed it, which journals it has taken in. */
import { sql } from 'kysely';
import type { MasterKeyChangeTable } from '../storage/byok-table.ts';
import type { Db, Trx } from '../storage/database.ts';

/** PostgreSQL's word for a table that does not exist (SQLSTATE). */
const UNDEFINED_TABLE = '42P01';

export interface StoredInstance {
  readonly instanceId: string;
  readonly sealedKeyCheck: string | null;
}

/** Null: the database is empty, or has no tables yet. */
export async function readInstanceId(db: Db): Promise<string | null> {
  try {
    const row = await db.selectFrom('instance').select('instance_id').executeTakeFirst();
    return row?.instance_id ?? null;
  } catch (thrown) {
    if (isMissingTable(thrown)) return null;
    throw thrown;
  }
}

function isMissingTable(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return ('code' in thrown && thrown.code === UNDEFINED_TABLE) || thrown.message.includes('no such table');
}

/** Null: the database is empty, or has no tables yet. What an earlier version left, and is not migrated yet, has no check. */
export async function readKeyCheck(db: Db): Promise<StoredInstance | null> {
  try {
    // All columns that there are: SQLite takes the name of one that is not there for a text.
    const row = await db.selectFrom('instance').selectAll().executeTakeFirst();
    return row === undefined
      ? null
      : { instanceId: row.instance_id, sealedKeyCheck: row.sealed_key_check ?? null };
  } catch (thrown) {
    if (isMissingTable(thrown)) return null;
    throw thrown;
  }
}

/** Keeps one that another process has just written. */
export async function addKeyCheck(db: Db, sealedKeyCheck: string): Promise<void> {
  await db
    .updateTable('instance')
    .set({ sealed_key_check: sealedKeyCheck })
    .where('sealed_key_check', 'is', null)
    .execute();
}

/** Some value that was sealed before there was a check, with what its context is made of; null: nothing is sealed. */
export async function readSealedSigningKey(db: Db): Promise<{ kid: string; sealed: string } | null> {
  try {
    const row = await db
      .selectFrom('signing_key')
      .select(['kid', 'sealed_private_jwk'])
      .orderBy('turn', 'desc')
      .executeTakeFirst();
    return row === undefined ? null : { kid: row.kid, sealed: row.sealed_private_jwk };
  } catch (thrown) {
    if (isMissingTable(thrown)) return null;
    throw thrown;
  }
}

/** What nobody can open without the key that sealed it; people's second factors stay, for an operator to switch off one by one. */
export async function forgetSealed(trx: Trx, sealedKeyCheck: string): Promise<void> {
  await trx.deleteFrom('signing_key').execute();
  await trx.deleteFrom('idempotent_answer').execute();
  await trx.deleteFrom('session').execute();
  await trx.deleteFrom('master_key_change').execute();
  await trx.updateTable('byok_key').set({ sealed_data_key: '', sealed_secret: '', disabled: 1 }).execute();
  await trx
    .updateTable('webhook')
    .set({ sealed_target: '', disabled: 1, disabled_because: 'sealed' })
    .where('deleted_at_ms', 'is', null)
    .execute();
  await trx.updateTable('instance').set({ sealed_key_check: sealedKeyCheck }).execute();
}

export async function countSecondFactors(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('two_factor')
    .select(sql<number>`COUNT(*)`.as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export interface JournalPosition {
  readonly nodeId: string;
  readonly seq: number;
}

export async function listJournals(db: Db): Promise<JournalPosition[]> {
  const rows = await db
    .selectFrom('journal_position')
    .select(['node_id', 'seq'])
    .orderBy('node_id')
    .execute();
  return rows.map((row) => ({ nodeId: row.node_id, seq: row.seq }));
}

/**
 * When the newest request began that the database knows of; null: it knows of none. Also of a database that an earlier version left,
 * which is not migrated yet.
 */
export async function readNewestGenerationMs(db: Db): Promise<number | null> {
  try {
    return await newestIn(db, 'generations');
  } catch (thrown) {
    if (!isMissingTable(thrown)) throw thrown;
    return await newestIn(db, 'generation' as 'generations');
  }
}

async function newestIn(db: Db, table: 'generations'): Promise<number | null> {
  const row = await db
    .selectFrom(table)
    .select((of) => of.fn.max('created_at_ms').as('newest'))
    .executeTakeFirst();
  return row?.newest == null ? null : Number(row.newest);
}

/** Null: the master key was never changed, or the database is of a version that did not know how. */
export async function readKeyChange(db: Db): Promise<MasterKeyChangeTable | null> {
  try {
    return (await db.selectFrom('master_key_change').selectAll().executeTakeFirst()) ?? null;
  } catch (thrown) {
    if (isMissingTable(thrown)) return null;
    throw thrown;
  }
}

export async function putKeyChange(trx: Trx, row: MasterKeyChangeTable): Promise<void> {
  const { id: _, ...changed } = row;
  await trx
    .insertInto('master_key_change')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changed))
    .execute();
}
