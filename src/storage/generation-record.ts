/** The SQL that writes generation_record, and generation_scope on SQLite. It is loaded in SQLite's thread too, so it needs no library. */
import type { RecordTable } from './schema.ts';
import type { TaskConnection } from './task.ts';

/** A row of generation_record, in the order of its columns. Amounts are decimal text, which both engines read exactly. */
export type RecordRow = readonly [
  id: string,
  account_id: string,
  key_hash: string,
  created_at_ms: number,
  model: string,
  is_byok: 0 | 1,
  cost_nano_usd: string,
  overshoot_nano_usd: string,
  ledger_transaction_id: string | null,
  rest: string,
];

const VALUES: readonly (keyof RecordTable)[] = [
  'id',
  'account_id',
  'key_hash',
  'created_at_ms',
  'model',
  'is_byok',
  'cost_nano_usd',
  'overshoot_nano_usd',
  'ledger_transaction_id',
  'rest',
];

/** Whoever writes a row adds it to usage_hour in the same transaction. */
const INTO = `INSERT INTO generation_record (${VALUES.join(', ')}, is_rolled_up)`;
/** What is there already stays as it is. */
const ONCE = 'ON CONFLICT (id) DO NOTHING';
/** On SQLite: a statement a row is the fastest there. */
const INSERT_ROW = `${INTO} VALUES (${VALUES.map(() => '?').join(', ')}, 1) ${ONCE}`;

/** For SQLite's thread. */
export function rowWriter(connection: TaskConnection): (row: RecordRow) => void {
  return connection.prepare(INSERT_ROW);
}

/** A row of generation_scope. */
export type ScopeRow = readonly [generationId: string, scopeKind: string, scopeId: string];

const INSERT_SCOPE = `
  INSERT INTO generation_scope (generation_id, scope_kind, scope_id) VALUES (?, ?, ?)
  ON CONFLICT (generation_id, scope_kind, scope_id) DO NOTHING`;

/** For SQLite's thread. Prepares nothing before the first row: most batches have none. */
export function scopeWriter(connection: TaskConnection): (row: ScopeRow) => void {
  let write: ((row: ScopeRow) => void) | null = null;
  return (row) => {
    write ??= connection.prepare(INSERT_SCOPE);
    write(row);
  };
}

/**
 * For PostgreSQL: all rows as one text, however many, which the server takes apart. A line a row, its values set apart by tabs;
 * none of them has either. An empty text is null.
 */
export const INSERT_LINES = `
  ${INTO}
  SELECT v[1], v[2], v[3], v[4]::bigint, v[5], v[6]::integer, v[7]::bigint, v[8]::bigint, NULLIF(v[9], ''), v[10]::json, 1
  FROM unnest(string_to_array($1, E'\\n')) AS line, string_to_array(line, E'\\t') AS v
  ${ONCE}`;

export function lineOf(row: RecordRow): string {
  return row.join('\t');
}
