/** SQL on whatever columns the master key has sealed, a page at a time. */
import { sql } from 'kysely';
import type { Db, Trx } from '../storage/database.ts';

export interface SealedPlace {
  readonly table: string;
  /** Its primary key. */
  readonly key: readonly string[];
  readonly column: string;
  /** Beside the key, what the context is made of. */
  readonly more?: readonly string[];
}

export type SealedRow = Readonly<Record<string, string>>;

/** In the order of the key, behind `after`. Without those that are empty. */
export async function readSealed(
  db: Db,
  { table, key, column, more = [] }: SealedPlace,
  after: readonly string[] | null,
  limit: number,
): Promise<SealedRow[]> {
  const keys = sql.join(key.map((name) => sql.ref(name)));
  const wanted = sql.join([...key, ...more, column].map((name) => sql.ref(name)));
  const beyond = after === null ? sql`` : sql`AND (${keys}) > (${sql.join(after)})`;
  const { rows } = await sql<SealedRow>`
    SELECT ${wanted} FROM ${sql.table(table)}
    WHERE ${sql.ref(column)} IS NOT NULL AND ${sql.ref(column)} <> '' ${beyond}
    ORDER BY ${keys} LIMIT ${limit}
  `.execute(db);
  return rows;
}

/** Only where it is still `sealed`: what somebody else has written meanwhile stays. */
export async function replaceSealed(
  trx: Trx,
  { table, key, column }: SealedPlace,
  row: SealedRow,
  sealed: string,
  fresh: string,
): Promise<void> {
  const isThis = sql.join(
    key.map((name) => sql`${sql.ref(name)} = ${row[name]}`),
    sql` AND `,
  );
  await sql`
    UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${fresh} WHERE ${isThis} AND ${sql.ref(column)} = ${sealed}
  `.execute(trx);
}
