/** SQL of exports: generations in order of time, page by page. */
import type { Db } from '../storage/database.ts';
import { conditionOf } from '../storage/generation-conditions.ts';
import type { GenerationTable } from '../storage/schema.ts';
import type { ExportOrder } from './order.ts';

export type Place = Pick<GenerationTable, 'created_at_ms' | 'id'>;

export type Selection = Pick<ExportOrder, 'accountId' | 'keyHashes' | 'startMs' | 'endMs' | 'conditions'>;

/** One walk through an index of each table. */
export async function countGenerations(db: Db, selection: Selection): Promise<number> {
  let count = 0;
  // The table of earlier versions has these columns too.
  for (const table of ['generation_record', 'generation' as 'generation_record'] as const) {
    const { rows } = await selected(db, table, selection)
      .select((column) => column.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    count += rows;
  }
  return count;
}

/** Oldest first; the id decides within a millisecond. An index of each table gives the ids in order and ends with the page. */
export async function pageOfGenerations(
  db: Db,
  selection: Selection,
  after: Place | null,
  limit: number,
): Promise<GenerationTable[]> {
  const oldestOf = (table: 'generation_record') => {
    let query = selected(db, table, selection).select('id');
    if (after !== null) {
      const { created_at_ms, id } = after;
      query = query
        .where('created_at_ms', '>=', created_at_ms)
        .where((where) => where.or([where('created_at_ms', '>', created_at_ms), where('id', '>', id)]));
    }
    return query.orderBy('created_at_ms').orderBy('id').limit(limit);
  };
  const ids = db
    .selectFrom(oldestOf('generation_record').as('oldest'))
    .select('id')
    .unionAll(db.selectFrom(oldestOf('generation' as 'generation_record').as('earlier')).select('id'));
  const rows = await db.selectFrom('generations').selectAll().where('id', 'in', ids).execute();
  return rows
    .sort((one, other) => one.created_at_ms - other.created_at_ms || (one.id < other.id ? -1 : 1))
    .slice(0, limit);
}

function selected(
  db: Db,
  table: 'generation_record',
  { accountId, keyHashes, startMs, endMs, conditions }: Selection,
) {
  let query = db
    .selectFrom(table)
    .where('account_id', '=', accountId)
    .where('created_at_ms', '>=', startMs)
    .where('created_at_ms', '<', endMs);
  if (conditions !== undefined) query = query.where(conditionOf(table, conditions));
  // An empty list would be no SQL.
  return keyHashes === null
    ? query
    : query.where('key_hash', 'in', keyHashes.length === 0 ? [''] : keyHashes);
}
