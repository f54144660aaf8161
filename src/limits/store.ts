/** What a process must read once to know a scope: its counters, and the account's credits. */
import type { Database, Db } from '../storage/database.ts';
import type { ScopeLimit } from './scope-kind.ts';

/** What was charged in a window, and what went through the callers' own provider keys, which only some limits count. */
export interface Spent {
  readonly costNanoUsd: bigint;
  readonly byokNanoUsd: bigint;
}

export interface StoredCounter extends Spent {
  readonly windowId: string;
  readonly requests: number;
}

/** Reads the counters of one scope in some windows. */
export type CounterReader = (
  scopeKind: string,
  scopeId: string,
  windowIds: readonly string[],
) => Promise<StoredCounter[]>;

export function counterReader(database: Pick<Database, 'db'>): CounterReader {
  return async (scopeKind, scopeId, windowIds) =>
    await readCounters(database.db, scopeKind, scopeId, windowIds);
}

async function readCounters(
  db: Db,
  scopeKind: string,
  scopeId: string,
  windowIds: readonly string[],
): Promise<StoredCounter[]> {
  const rows = await db
    .selectFrom('usage_window')
    .select(['window_id', 'cost_nano_usd', 'byok_nano_usd', 'requests'])
    .where('scope_kind', '=', scopeKind)
    .where('scope_id', '=', scopeId)
    .where('window_id', 'in', windowIds)
    .execute();
  return rows.map((row) => ({
    windowId: row.window_id,
    costNanoUsd: row.cost_nano_usd,
    byokNanoUsd: row.byok_nano_usd,
    requests: row.requests,
  }));
}

/** A key's limit as it stands in the database; null when the key is gone. One look-up by primary key. */
export async function readKeyLimit(db: Db, hash: string): Promise<ScopeLimit | null> {
  const row = await db
    .selectFrom('api_key')
    .select(['limit_nano_usd', 'limit_reset', 'include_byok_in_limit'])
    .where('hash', '=', hash)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    limitNanoUsd: row.limit_nano_usd,
    windowKind: row.limit_reset ?? 'all',
    countsByok: row.include_byok_in_limit === 1,
  };
}
