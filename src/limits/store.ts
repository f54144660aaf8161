/** What a process must read once to know a scope: its counters, and the account's credits. */
import { type RawBuilder, sql } from 'kysely';
import type { Database, Db, Trx } from '../storage/database.ts';
import type { ScopeHolders, ScopeLimit } from './scope-kind.ts';

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

/** Brings the counters of a scope up to what its holders have spent in these windows, and tells what that added. */
export type ScopeOpener = (
  scopeKind: string,
  scopeId: string,
  holders: ScopeHolders,
  windowIds: readonly string[],
) => Promise<StoredCounter[]>;

export function scopeOpener(database: Pick<Database, 'transaction'>): ScopeOpener {
  return (scopeKind, scopeId, holders, windowIds) =>
    database.transaction((trx) => openScope(trx, scopeKind, scopeId, holders, windowIds));
}

async function openScope(
  trx: Trx,
  scopeKind: string,
  scopeId: string,
  holders: ScopeHolders,
  windowIds: readonly string[],
): Promise<StoredCounter[]> {
  // Two nodes take turns: each adds what is missing when it looks.
  await sql`
    INSERT INTO scope_opening (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests)
    VALUES (${scopeKind}, ${scopeId}, 'all', 0, 0, 0)
    ON CONFLICT (scope_kind, scope_id, window_id) DO UPDATE SET requests = scope_opening.requests`.execute(
    trx,
  );
  const { rows } = await sql<{
    window_id: string;
    cost_nano_usd: bigint;
    byok_nano_usd: bigint;
    requests: number;
  }>`
    SELECT held.window_id AS window_id,
      CAST(SUM(held.cost_nano_usd) - COALESCE(MAX(own.cost_nano_usd), 0) AS BIGINT) AS cost_nano_usd,
      CAST(SUM(held.byok_nano_usd) - COALESCE(MAX(own.byok_nano_usd), 0) AS BIGINT) AS byok_nano_usd,
      CAST(SUM(held.requests) - COALESCE(MAX(own.requests), 0) AS BIGINT) AS requests
    FROM usage_window AS held
    LEFT JOIN usage_window AS own
      ON own.scope_kind = ${scopeKind} AND own.scope_id = ${scopeId} AND own.window_id = held.window_id
    WHERE held.scope_kind = 'key' AND held.scope_id IN (${keysOf(holders)}) AND held.window_id IN (${sql.join(windowIds)})
    GROUP BY held.window_id`.execute(trx);
  const added = rows
    .map((row) => ({
      windowId: row.window_id,
      costNanoUsd: atLeastNothing(BigInt(row.cost_nano_usd)),
      byokNanoUsd: atLeastNothing(BigInt(row.byok_nano_usd)),
      requests: Math.max(0, Number(row.requests)),
    }))
    .filter(({ costNanoUsd, byokNanoUsd, requests }) => costNanoUsd + byokNanoUsd > 0n || requests > 0)
    // In the order in which flushes take these rows: two that lock some of them would else wait for each other.
    .sort((one, other) => (one.windowId < other.windowId ? -1 : 1));
  for (const { windowId, costNanoUsd, byokNanoUsd, requests } of added)
    for (const table of [sql.table('scope_opening'), sql.table('usage_window')])
      await sql`
        INSERT INTO ${table} (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests)
        VALUES (${scopeKind}, ${scopeId}, ${windowId}, ${costNanoUsd}, ${byokNanoUsd}, ${requests})
        ON CONFLICT (scope_kind, scope_id, window_id) DO UPDATE SET
          cost_nano_usd = ${table}.cost_nano_usd + excluded.cost_nano_usd,
          byok_nano_usd = ${table}.byok_nano_usd + excluded.byok_nano_usd,
          requests = ${table}.requests + excluded.requests`.execute(trx);
  return added;
}

const atLeastNothing = (amount: bigint): bigint => (amount > 0n ? amount : 0n);

/** What a child spends is in its parent's counters. */
function keysOf(holders: ScopeHolders): RawBuilder<unknown> {
  if ('keyHash' in holders) return sql`${holders.keyHash}`;
  const { accountId, userId, guardrailId } = holders;
  return sql`
    SELECT api_key.hash FROM api_key
    JOIN guardrail ON guardrail.account_id = api_key.account_id AND guardrail.id = ${guardrailId}
    WHERE api_key.account_id = ${accountId} AND api_key.creator_user_id = ${userId} AND api_key.is_child = 0
      AND (guardrail.applies_to <> 'workspace' OR guardrail.workspace_id = api_key.workspace_id)`;
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
