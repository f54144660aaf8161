/** All that a gateway keeps: what a secret must be found nowhere in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { TestGateway } from './harness.ts';

/** Every row of every table, as one text. */
export async function everythingIn({ database }: TestGateway): Promise<string> {
  const { db, engine } = database;
  const tables =
    engine === 'sqlite'
      ? sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`
      : sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;
  const { rows } = await tables.execute(db);
  const contents = await Promise.all(
    rows.map(async ({ name }) => (await sql`SELECT * FROM ${sql.table(name)}`.execute(db)).rows),
  );
  return JSON.stringify(contents, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** Every file of the data directory: the journal, and the database where it is one. */
export function filesIn(dataDir: string): string {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}
