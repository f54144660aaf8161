/**
 * How generations lie on PostgreSQL: a partition for each UTC month, by the time in their ids, so that indexes stay small and a month
 * goes as a whole. On SQLite, whose tables have no parts, they stay in one.
 *
 * What an earlier version stored becomes the first partition as it lies, without a row being moved. A partition that takes what no
 * other does (a clock that is far off, a month that nobody had prepared) sees to it that a row always finds its place. Every step
 * is one transaction, takes its locks at once or gives up, and may be repeated: several nodes may try at the same time.
 */
import { sql } from 'kysely';
import { isoFromMs, monthStartMs } from '../clock.ts';
import { generationIdMs, generationIdsFrom } from '../ids.ts';
import type { Database, Trx } from './database.ts';

const RECORDS = 'generation_record';
const SCOPES = 'generation_scope';
const VIEW = 'generations';
/** With the column that has the generation's id. */
const TABLES = [
  [RECORDS, 'id'],
  [SCOPES, 'generation_id'],
] as const;

/** Whoever waits for an exclusive lock holds up everybody behind. */
const LOCK_TIMEOUT_MS = 200;
/** So many rows are looked at within the transaction that gives them an end; of more, the server makes sure before. */
const FEW_ROWS = 50_000;
/** How far off that end is then: until the transaction, a row behind it would be refused. */
const NOTICE_MS = 7 * 86_400_000;
const MONTHS_AHEAD = 2;

export interface Partition {
  readonly name: string;
  /** Its generations began before; null: it takes what no other does. */
  readonly endMs: number | null;
}

/** Brings the tables to that shape, and prepares the months to come. Rejects where a lock or a check stood in the way: try again later. */
export async function arrangeGenerations(
  database: Database,
  nowMs: number,
  { fewRows = FEW_ROWS } = {},
): Promise<void> {
  await database.transaction(async (trx) => {
    if (!(await isPlain(trx))) return;
    // The view first, as readers take it before its tables: it is made anew.
    await lockTables(trx, [VIEW, RECORDS, SCOPES]);
    if (!(await isPlain(trx))) return;
    for (const [table, column] of TABLES) await makeParent(trx, table, column);
  });
  await boundEarlier(database, nowMs, fewRows);
  for (let later = 0; later <= MONTHS_AHEAD; later += 1)
    await database.transaction((trx) => prepareMonth(trx, monthStartMs(nowMs, later)));
}

/** Those of generations, in no order. */
export async function listPartitions(trx: Trx): Promise<Partition[]> {
  const { rows } = await sql<{ name: string; bound: string }>`
    SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(${RECORDS})`.execute(trx);
  return rows.map(({ name, bound }) => ({
    name,
    endMs: generationIdMs(/TO \('([^']+)'\)/.exec(bound)?.[1] ?? ''),
  }));
}

/** The partition of generation_scope beside one of generation_record. */
export function scopesBeside(partition: string): string {
  return partition.replace(RECORDS, SCOPES);
}

/** Holds off every other change of a month's generations until the transaction ends; readers go on. */
export async function freezePartition(trx: Trx, name: string): Promise<void> {
  await sql`LOCK TABLE ${sql.table(name)}, ${sql.table(scopesBeside(name))} IN SHARE MODE`.execute(trx);
}

/**
 * Takes a frozen month away. False: somebody reads it, such as an export; nobody else has waited for long, and it may be tried again in
 * the same transaction.
 */
export async function dropPartition(trx: Trx, name: string): Promise<boolean> {
  await sql.raw(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`).execute(trx);
  // Caught by the server: what it tells us of a lock would end the transaction.
  await sql
    .raw(`
      DO $$ BEGIN
        DROP TABLE ${name}, ${scopesBeside(name)};
      EXCEPTION WHEN lock_not_available THEN NULL;
      END $$`)
    .execute(trx);
  const { rows } = await sql`SELECT 1 WHERE to_regclass(${name}) IS NULL`.execute(trx);
  return rows.length > 0;
}

/**
 * The first statement of a snapshot that reads generations and what was carried of them: no month is dropped until it ends, which
 * the snapshot would see as rows that are gone and sums that are not there yet.
 */
export async function holdGenerations(trx: Trx, engine: Database['engine']): Promise<void> {
  if (engine === 'sqlite') return;
  await sql`LOCK TABLE ${sql.table(RECORDS)}, ${sql.table(SCOPES)} IN ACCESS SHARE MODE`.execute(trx);
}

async function lockTables(trx: Trx, tables: readonly string[] = [RECORDS, SCOPES]): Promise<void> {
  await sql.raw(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`).execute(trx);
  await sql.raw(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`).execute(trx);
}

async function isPlain(trx: Trx): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM pg_class WHERE oid = to_regclass(${RECORDS}) AND relkind = 'r'`.execute(trx);
  return rows.length > 0;
}

/** A table of partitions in the place of the table, which becomes the one of them that takes everything. */
async function makeParent(trx: Trx, table: string, column: string): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(trx);
  const earlier = `${table}_earlier`;
  const { rows: indexes } = await sql<{ name: string; definition: string }>`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = ${table}`.execute(trx);
  const { rows: keys } = await sql<{ name: string; definition: string }>`
    SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = to_regclass(${table}) AND contype = 'p'`.execute(trx);
  const { rows: views } = await sql<{ definition: string }>`
    SELECT pg_get_viewdef(to_regclass(${VIEW})) AS definition WHERE ${table} = ${RECORDS}`.execute(trx);
  await run(`ALTER TABLE ${table} RENAME TO ${earlier}`);
  for (const { name } of indexes)
    await run(`ALTER INDEX ${name} RENAME TO ${name.replace(table, earlier).slice(0, 63)}`);
  await run(
    `CREATE TABLE ${table} (LIKE ${earlier} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (${column})`,
  );
  for (const { name, definition } of keys)
    await run(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
  for (const { name, definition } of indexes)
    if (!keys.some((key) => key.name === name)) await run(definition);
  await run(`ALTER TABLE ${table} ATTACH PARTITION ${earlier} DEFAULT`);
  // It named the table by what it was.
  for (const { definition } of views) await run(`CREATE OR REPLACE VIEW ${VIEW} AS ${definition}`);
}

/** Gives the first partition an end, so that months can follow it, and what has no partition a place of its own. */
async function boundEarlier(database: Database, nowMs: number, fewRows: number): Promise<void> {
  const order = await database.transaction(async (trx) => {
    if (!(await isUnbounded(trx))) return null;
    const { rows } = await sql<{ newest: string | null; count: number }>`
      SELECT (SELECT MAX(id) FROM generation_record_earlier WHERE id < 'gen-a') AS newest,
        (SELECT COUNT(*) FROM (SELECT 1 FROM generation_record_earlier LIMIT ${sql.lit(fewRows + 1)}) AS few) AS count`.execute(
      trx,
    );
    const newestMs = generationIdMs(rows[0]?.newest ?? '');
    const isFew = (rows[0]?.count ?? 0) <= fewRows;
    if (!isFew) return { endMs: monthStartMs(Math.max(nowMs + NOTICE_MS, newestMs ?? 0), 1), isFew };
    // What a clock that is far ahead has stored moves to where the likes of it come from now on.
    const isInTime = newestMs !== null && newestMs >= monthStartMs(nowMs);
    return { endMs: monthStartMs(nowMs, isInTime ? 1 : 0), isFew };
  });
  if (order === null) return;
  const endId = generationIdsFrom(order.endMs);
  if (!order.isFew) await checkBound(database, endId);
  await database.transaction((trx) => setBound(trx, endId));
}

async function isUnbounded(trx: Trx): Promise<boolean> {
  return (await listPartitions(trx)).some(({ name, endMs }) => name === earlierOf(RECORDS) && endMs === null);
}

/** Has the server look at every row while others read and write them, so that nothing is left to look at under an exclusive lock. */
async function checkBound(database: Database, endId: string): Promise<void> {
  await database.transaction(async (trx) => {
    await lockTables(trx);
    for (const [table, column] of TABLES) {
      await dropCheck(trx, table);
      await sql
        .raw(
          `ALTER TABLE ${earlierOf(table)} ADD CONSTRAINT ${checkOf(table)} CHECK (${column} < '${endId}') NOT VALID`,
        )
        .execute(trx);
    }
  });
  try {
    for (const [table] of TABLES)
      await database.runLong(`ALTER TABLE ${earlierOf(table)} VALIDATE CONSTRAINT ${checkOf(table)}`);
  } catch (thrown) {
    await database.transaction(async (trx) => {
      for (const [table] of TABLES) await dropCheck(trx, table);
    });
    throw thrown;
  }
}

async function setBound(trx: Trx, endId: string): Promise<void> {
  await lockTables(trx);
  // Another node may have been faster.
  if (!(await isUnbounded(trx))) return;
  const run = (statement: string) => sql.raw(statement).execute(trx);
  for (const [table, column] of TABLES) {
    const [earlier, other] = [earlierOf(table), otherOf(table)];
    await run(`ALTER TABLE ${table} DETACH PARTITION ${earlier}`);
    await run(
      `CREATE TABLE ${other} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)`,
    );
    await run(`
      WITH moved AS (DELETE FROM ${earlier} WHERE ${column} >= '${endId}' RETURNING *)
      INSERT INTO ${other} SELECT * FROM moved`);
    await run(`ALTER TABLE ${table} ATTACH PARTITION ${earlier} FOR VALUES FROM (MINVALUE) TO ('${endId}')`);
    await dropCheck(trx, table);
    await run(`ALTER TABLE ${table} ATTACH PARTITION ${other} DEFAULT`);
  }
}

async function dropCheck(trx: Trx, table: string): Promise<void> {
  await sql.raw(`ALTER TABLE ${earlierOf(table)} DROP CONSTRAINT IF EXISTS ${checkOf(table)}`).execute(trx);
}

const earlierOf = (table: string) => `${table}_earlier`;
const otherOf = (table: string) => `${table}_other`;
const checkOf = (table: string) => `${table}_earlier_end`;

/** Makes the partition of a month, unless it or an earlier one has it already. */
async function prepareMonth(trx: Trx, startMs: number): Promise<void> {
  const month = isoFromMs(startMs).slice(0, 7).replace('-', '_');
  if (await hasPlace(trx, month, startMs)) return;
  // Or else whoever had planned a query without the new month, and waited for the old place of its rows, would not find them.
  await lockTables(trx);
  // Another node may have been faster.
  if (await hasPlace(trx, month, startMs)) return;
  const [startId, endId] = [generationIdsFrom(startMs), generationIdsFrom(monthStartMs(startMs, 1))];
  const run = (statement: string) => sql.raw(statement).execute(trx);
  for (const [table, column] of TABLES) {
    const name = `${table}_${month}`;
    await run(
      `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)`,
    );
    await run(`
      WITH moved AS (
        DELETE FROM ${otherOf(table)} WHERE ${column} >= '${startId}' AND ${column} < '${endId}' RETURNING *
      ) INSERT INTO ${name} SELECT * FROM moved`);
    await run(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${startId}') TO ('${endId}')`);
  }
}

async function hasPlace(trx: Trx, month: string, startMs: number): Promise<boolean> {
  return (await listPartitions(trx)).some(
    ({ name, endMs }) =>
      name === `${RECORDS}_${month}` || (name === earlierOf(RECORDS) && (endMs === null || endMs > startMs)),
  );
}
