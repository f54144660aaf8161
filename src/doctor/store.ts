/** What only the database can tell of itself. Reads alone. */
import { sql } from 'kysely';
import type { Database } from '../storage/database.ts';

/** `SQLite 3.50.4`, `PostgreSQL 18.1`. */
export async function readServerVersion(database: Database): Promise<string> {
  if (database.engine === 'sqlite') {
    const { rows } = await sql<{ version: string }>`SELECT sqlite_version() AS version`.execute(database.db);
    return `SQLite ${rows[0]?.version}`;
  }
  const { rows } = await sql<{ server_version: string }>`SHOW server_version`.execute(database.db);
  return `PostgreSQL ${rows[0]?.server_version}`;
}

/** What SQLite finds wrong with its file; null: nothing. */
export async function readDamage(database: Database): Promise<string | null> {
  const { rows } = await sql<{ quick_check: string }>`PRAGMA quick_check`.execute(database.db);
  const [first] = rows;
  if (first === undefined) return 'it cannot be checked';
  return first.quick_check === 'ok' ? null : (first.quick_check.split('\n')[0] ?? 'it is damaged');
}

/** The migrations that were applied; none where the database is empty. */
export async function readAppliedMigrations(database: Database): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`SELECT name FROM schema_migration ORDER BY version`.execute(
      database.db,
    );
    return rows.map(({ name }) => name);
  } catch (thrown) {
    const isMissing = thrown instanceof Error && /no such table|does not exist/.test(thrown.message);
    if (isMissing) return [];
    throw thrown;
  }
}

/**
 * Those of the hashes that are of a key of this gateway's, disabled and deleted ones included, and those of secrets that were replaced.
 * `hasSecrets`: the database is of a version whose keys can have more than one.
 */
export async function readKnownKeys(
  database: Database,
  hashes: readonly string[],
  hasSecrets: boolean,
): Promise<ReadonlySet<string>> {
  if (hashes.length === 0) return new Set();
  const ofTable = async (table: 'api_key' | 'key_secret') => {
    const { rows } = await sql<{ hash: string }>`
      SELECT hash FROM ${sql.table(table)} WHERE hash IN (${sql.join(hashes)})
    `.execute(database.db);
    return rows.map(({ hash }) => hash);
  };
  return new Set([...(await ofTable('api_key')), ...(hasSecrets ? await ofTable('key_secret') : [])]);
}
