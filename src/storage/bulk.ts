/** Many rows into one table for the work of one statement: they travel as one JSON text, however many they are. */
import { CompiledQuery, PostgresAdapter, type Transaction } from 'kysely';
import type { Tables } from './schema.ts';

/** The only parameter of a statement that SQLite's thread runs once a row: a JSON array of rows, each an array of values. */
export class RowsParameter {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/**
 * In the order given, which is the order that locks are taken in. `onConflict` is SQL that both engines know. Characters
 * that PostgreSQL refuses in a text are replaced: one caller's half emoji must not hold up everybody's rows.
 */
export async function insertRows<T extends keyof Tables>(
  trx: Transaction<Tables>,
  table: T,
  rows: readonly Tables[T][],
  onConflict: `ON CONFLICT ${string}`,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const insert = `INSERT INTO ${table} (${columns.join(', ')})`;
  if (trx.getExecutor().adapter instanceof PostgresAdapter) {
    // The table itself gives each member its type.
    const source = `SELECT ${columns.join(', ')} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`;
    const json = toJson(rows.map(plainObject));
    await trx.executeQuery(CompiledQuery.raw(`${insert} ${source} ${onConflict}`, [json]));
  } else {
    const slots = columns.map(() => '?').join(', ');
    const json = toJson(rows.map((row) => plainValues(row, columns)));
    const query = `${insert} VALUES (${slots}) ${onConflict}`;
    await trx.executeQuery(CompiledQuery.raw(query, [new RowsParameter(json)]));
  }
}

function plainObject(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]));
}

function plainValues(row: object, columns: readonly string[]): unknown[] {
  // Without a copy: a generation has some forty columns, and every request makes one.
  const members = row as Readonly<Record<string, unknown>>;
  return columns.map((column) => plain(members[column]));
}

/** JSON has no integers of 64 bits; both engines read them from text into an integer's column. */
function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** How JSON writes what PostgreSQL's jsonb refuses: NUL, and half of a pair of surrogates. */
const REFUSED = /\\u(?:0000|d[89a-f])/;

function toJson(rows: readonly unknown[]): string {
  const json = JSON.stringify(rows);
  return REFUSED.test(json) ? JSON.stringify(rows, storable) : json;
}

function storable(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
}
