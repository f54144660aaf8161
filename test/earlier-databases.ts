/**
 * Databases as earlier versions left them: at any earlier migration, with rows in every table that there was. The rows of a version
 * stand in src/storage/__fixtures__/rows/, each in the file of the migration that brought their tables or columns.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Database } from '../src/storage/database.ts';
import { type Migration, migrate, migrations } from '../src/storage/migrate.ts';

const ROWS = join(import.meta.dir, '../src/storage/__fixtures__/rows');

/** What is sealed among the rows is sealed by this key. */
export const EARLIER_MASTER_KEY = new Uint8Array(32).fill(7);
/** The rows' node, and how far its journal is in the database. */
export const EARLIER_NODE = { id: 'node-upgraded', flushedSeq: 12 };

/** The migrations that have no rows of their own yet. */
export function migrationsWithoutRows(): string[] {
  const there = new Set(readdirSync(ROWS));
  return migrations.map(({ name }) => `${name}.sql`).filter((file) => !there.has(file));
}

/** These put another table in the place of one that has rows by then. */
const REPLACING = [42];

/** As the newest program of that version may have left it. */
export async function makeEarlier(database: Database, version: number): Promise<void> {
  let from = 0;
  for (const until of [...REPLACING.map((replacing) => replacing - 1), version]) {
    const to = Math.min(until, version);
    await migrate(
      database,
      migrations.filter((migration) => migration.version <= to),
    );
    for (const migration of migrations)
      if (migration.version > from && migration.version <= to) await addRows(database, migration);
    from = to;
  }
}

/** Those that became possible with a migration. */
export async function addRows(database: Database, { name }: Migration): Promise<void> {
  const text = readFileSync(join(ROWS, `${name}.sql`), 'utf8');
  await database.transaction(async (trx) => {
    for (const statement of text.split(/;[ \t]*$/m)) {
      if (statement.replace(/--.*$/gm, '').trim() !== '') await sql.raw(statement).execute(trx);
    }
  });
}

export type Row = Readonly<Record<string, unknown>>;

/** Every row of every table. */
export async function readAll(database: Database): Promise<Map<string, Row[]>> {
  const tables = new Map<string, Row[]>();
  for (const table of await tableNames(database)) {
    const { rows } = await sql<Row>`SELECT * FROM ${sql.table(table)}`.execute(database.db);
    tables.set(table, rows);
  }
  return tables;
}

/** Of what a gateway stores: not the list of migrations. */
async function tableNames({ db, engine }: Database): Promise<string[]> {
  const { rows } =
    engine === 'sqlite'
      ? await sql<{ name: string }>`SELECT name FROM sqlite_schema WHERE type = 'table'`.execute(db)
      : await sql<{
          name: string;
        }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`.execute(db);
  return rows.map(({ name }) => name).filter((name) => name !== 'schema_migration');
}

/** What breaks a rule of the schema; SQLite lets some of it happen, and PostgreSQL may not have looked yet. */
export async function brokenReferences({ db, engine }: Database): Promise<unknown[]> {
  const { rows } =
    engine === 'sqlite'
      ? await sql`PRAGMA foreign_key_check`.execute(db)
      : await sql`SELECT conname FROM pg_constraint WHERE NOT convalidated`.execute(db);
  return rows;
}
