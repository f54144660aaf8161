/** All SQL that reads generations, and on usage_window (writing). */
import { CompiledQuery, sql, type Transaction } from 'kysely';
import { insertRows } from '../storage/bulk.ts';
import type { Db } from '../storage/database.ts';
import {
  areNone,
  conditionOf,
  type GenerationConditions,
  NO_CONDITIONS,
} from '../storage/generation-conditions.ts';
import { INSERT_LINES, lineOf, type RecordRow } from '../storage/generation-record.ts';
import type { GenerationScopeTable, GenerationTable, Tables, UsageWindowTable } from '../storage/schema.ts';
import type { Generation } from './generation.ts';
import type { Place } from './generation-page.ts';
import type { TimeRange } from './generation-query.ts';

/** Well below what either engine takes as parameters of one statement. */
const ROWS_PER_QUERY = 500;

/** On PostgreSQL; any number of rows. One whose id is there already changes nothing. */
export async function insertRecords(trx: Transaction<Tables>, rows: readonly RecordRow[]): Promise<void> {
  if (rows.length === 0) return;
  await trx.executeQuery(CompiledQuery.raw(INSERT_LINES, [rows.map(lineOf).join('\n')]));
}

/** Beside the generations themselves. */
export async function insertGenerationScopes(
  trx: Transaction<Tables>,
  rows: readonly GenerationScopeTable[],
): Promise<void> {
  await insertRows(
    trx,
    'generation_scope',
    rows,
    'ON CONFLICT (generation_id, scope_kind, scope_id) DO NOTHING',
  );
}

/** Adds to the counters. The caller sorts the rows, so that two nodes take the row locks in the same order. */
export async function addUsage(trx: Transaction<Tables>, rows: readonly UsageWindowTable[]): Promise<void> {
  await insertRows(
    trx,
    'usage_window',
    rows,
    `ON CONFLICT (scope_kind, scope_id, window_id) DO UPDATE SET
      cost_nano_usd = usage_window.cost_nano_usd + excluded.cost_nano_usd,
      byok_nano_usd = usage_window.byok_nano_usd + excluded.byok_nano_usd,
      requests = usage_window.requests + excluded.requests`,
  );
}

/** Which of these the database has. */
export async function storedGenerations(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const stored = new Set<string>();
  for (let at = 0; at < ids.length; at += ROWS_PER_QUERY) {
    const rows = await db
      .selectFrom('generations')
      .select('id')
      .where('id', 'in', ids.slice(at, at + ROWS_PER_QUERY))
      .execute();
    for (const { id } of rows) stored.add(id);
  }
  return stored;
}

/** What hardly any request has, and only those who look at one read. */
const filtersIn = <Name extends 'content_filters' | 'answer_filters'>(name: Name) =>
  sql<
    string | null
  >`(SELECT rest ->> ${sql.lit(name)} FROM generation_record WHERE generation_record.id = generations.id)`.as(
    name,
  );

/** By account first: a foreign id is simply not found. */
export async function findGeneration(db: Db, accountId: string, id: string): Promise<Generation | undefined> {
  return await db
    .selectFrom('generations')
    .selectAll()
    .select([filtersIn('content_filters'), filtersIn('answer_filters')])
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
}

export interface GenerationFilter {
  readonly accountId: string;
  /** Of these keys alone; null: of all. */
  readonly keyHashes: readonly string[] | null;
  readonly range?: TimeRange;
  readonly conditions?: GenerationConditions;
  /** Only what comes after this one in the listing. */
  readonly after: Place | null;
  readonly limit: number;
}

export interface GenerationList {
  readonly rows: readonly Generation[];
  /** Behind which the next page begins; null: there is none. */
  readonly next: Place | null;
  /** Whether the page ends because enough was looked at, and not because it is full. */
  readonly isCutShort: boolean;
}

/** Of so many one page looks at what no index knows; the next page goes on behind them. */
const MAX_LOOKED_AT = 20_000;

/** Newest first; the id decides within a millisecond. */
export async function listGenerations(
  db: Db,
  filter: GenerationFilter,
  maxLookedAt = MAX_LOOKED_AT,
): Promise<GenerationList> {
  const isNarrowed = filter.conditions !== undefined && !areNone(filter.conditions);
  const floor = isNarrowed ? await placeOfNth(db, filter, maxLookedAt) : null;
  const query = pageOfGenerations(db, filter, floor);
  if (query === null) return { rows: [], next: null, isCutShort: false };
  const found = await query.execute();
  const rows = found.sort(newestFirst).slice(0, filter.limit);
  const last = rows.at(-1);
  const isFull = last !== undefined && rows.length === filter.limit;
  return { rows, next: isFull ? last : floor, isCutShort: !isFull && floor !== null };
}

/** Ids of one of the tables, in the order of the listing: an index by account or by key gives them, and ends with the page. */
function newestOf(
  db: Db,
  table: 'generation_record' | 'generation',
  { accountId, keyHashes, range, after, limit }: GenerationFilter,
) {
  // The table of earlier versions has these columns too.
  let query = db
    .selectFrom(table as 'generation_record')
    .select(['id', 'created_at_ms'])
    .where('account_id', '=', accountId);
  if (keyHashes !== null) query = query.where('key_hash', 'in', keyHashes);
  if (range !== undefined && range.startMs !== null)
    query = query.where('created_at_ms', '>=', range.startMs);
  if (range !== undefined && range.endMs !== null) query = query.where('created_at_ms', '<', range.endMs);
  if (after !== null) {
    const { created_at_ms, id } = after;
    query = query
      .where('created_at_ms', '<=', created_at_ms)
      .where((where) => where.or([where('created_at_ms', '<', created_at_ms), where('id', '<', id)]));
  }
  return query.orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
}

/** The nth of the listing, whatever its conditions; null: there are fewer. */
async function placeOfNth(db: Db, filter: GenerationFilter, n: number): Promise<Place | null> {
  if (filter.keyHashes?.length === 0) return null;
  const first = { ...filter, limit: n };
  const place = await db
    .selectFrom(newestOf(db, 'generation_record', first).as('newest'))
    .select(['newest.id', 'newest.created_at_ms'])
    .unionAll(
      db
        .selectFrom(newestOf(db, 'generation', first).as('earlier'))
        .select(['earlier.id', 'earlier.created_at_ms']),
    )
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(n - 1)
    .executeTakeFirst();
  return place ?? null;
}

/**
 * The rows of a page, and as many of the other table, in no order; null: none can match. To sort both tables' rows would mean to
 * read every one of an account. `floor` is the last one that is looked at.
 */
export function pageOfGenerations(db: Db, filter: GenerationFilter, floor: Place | null = null) {
  if (filter.keyHashes?.length === 0) return null;
  const { conditions = NO_CONDITIONS } = filter;
  const narrowed = (table: 'generation_record' | 'generation') => {
    let query = newestOf(db, table, filter);
    if (!areNone(conditions)) query = query.where(conditionOf(table, conditions));
    if (floor === null) return query;
    const { created_at_ms, id } = floor;
    return query
      .where('created_at_ms', '>=', created_at_ms)
      .where((where) => where.or([where('created_at_ms', '>', created_at_ms), where('id', '>=', id)]));
  };
  const ids = db
    .selectFrom(narrowed('generation_record').as('newest'))
    .select('newest.id')
    .unionAll(db.selectFrom(narrowed('generation').as('earlier')).select('earlier.id'));
  return db
    .selectFrom('generations')
    .selectAll()
    .select([filtersIn('content_filters'), filtersIn('answer_filters')])
    .where('id', 'in', ids);
}

function newestFirst(one: GenerationTable, other: GenerationTable): number {
  return other.created_at_ms - one.created_at_ms || (one.id < other.id ? 1 : -1);
}

/** When each key made its newest generation; keys that made none are missing. One step into an index of each table a key, also of generations that were dropped. */
export async function readLastUses(db: Db, keyHashes: readonly string[]): Promise<Map<string, number>> {
  // Grouping over all the keys at once, or over both tables, would read every generation of each.
  const newestOf = (hash: string) =>
    db.selectNoFrom([
      sql<string>`${hash}`.as('key_hash'),
      sql<number | null>`(SELECT MAX(created_at_ms) FROM generation_record WHERE key_hash = ${hash})`.as(
        'at_ms',
      ),
      sql<number | null>`(SELECT MAX(created_at_ms) FROM generation WHERE key_hash = ${hash})`.as(
        'earlier_ms',
      ),
      sql<number | null>`(SELECT MAX(last_at_ms) FROM carried_spend WHERE key_hash = ${hash})`.as(
        'dropped_ms',
      ),
    ]);
  const [first, ...rest] = keyHashes.map(newestOf);
  if (first === undefined) return new Map();
  const rows = await rest.reduce((union, query) => union.unionAll(query), first).execute();
  return new Map(
    rows.flatMap(({ key_hash, ...times }) => {
      const lastMs = Math.max(...Object.values(times).map((ms) => ms ?? Number.NEGATIVE_INFINITY));
      return Number.isFinite(lastMs) ? [[key_hash, lastMs]] : [];
    }),
  );
}

/** The counters of some scopes in some windows; a missing row is zero. */
export async function readUsage(
  db: Db,
  scopeKind: string,
  scopeIds: readonly string[],
  windowIds: readonly string[],
): Promise<UsageWindowTable[]> {
  if (scopeIds.length === 0) return [];
  return await db
    .selectFrom('usage_window')
    .selectAll()
    .where('scope_kind', '=', scopeKind)
    .where('scope_id', 'in', scopeIds)
    .where('window_id', 'in', windowIds)
    .execute();
}
