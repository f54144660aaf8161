/** The sums that verifying needs, worked out by the database. Reads everything: for the command line, never for a request. */
import { sql } from 'kysely';
import type { Db } from '../storage/database.ts';

const DAY_MS = 86_400_000;

export interface SpendOfDay {
  readonly accountId: string;
  readonly keyHash: string;
  /** Whose counters they are in; null: in none's. */
  readonly workspaceId: string | null;
  /** Of models that the free-request limits count. */
  readonly isFree: boolean;
  readonly dayStartMs: number;
  readonly costNanoUsd: bigint;
  readonly byokNanoUsd: bigint;
  readonly requests: number;
}

/** Transactions of the ledger whose entries do not cancel out. */
export async function unbalancedTransactions(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('ledger_entry')
    .select('transaction_id')
    .groupBy('transaction_id')
    .having(sql`SUM(amount_nano_usd)`, '<>', 0)
    .orderBy('transaction_id')
    .limit(10)
    .execute();
  return rows.map((row) => row.transaction_id);
}

/** What each usage transaction debits an account, and what the account's generations that name it cost. */
export async function usageDebits(
  db: Db,
): Promise<{ transactionId: string; accountId: string; debitNanoUsd: bigint; generationsNanoUsd: bigint }[]> {
  const { rows } = await sql<{
    transaction_id: string;
    account_id: string;
    debit_nano_usd: bigint;
    generations_nano_usd: bigint;
  }>`
    SELECT entry.transaction_id AS transaction_id,
           entry.account_id AS account_id,
           -MIN(entry.amount_nano_usd) AS debit_nano_usd,
           COALESCE(SUM(CASE WHEN generations.is_byok = 0 THEN generations.cost_nano_usd ELSE 0 END), 0)
             AS generations_nano_usd
    FROM ledger_entry AS entry
    LEFT JOIN generations
      ON generations.ledger_transaction_id = entry.transaction_id AND generations.account_id = entry.account_id
    WHERE entry.kind = 'usage' AND entry.book = 'customer_balance'
    GROUP BY entry.transaction_id, entry.account_id
    ORDER BY entry.transaction_id
  `.execute(db);
  return rows.map((row) => ({
    transactionId: row.transaction_id,
    accountId: row.account_id,
    debitNanoUsd: row.debit_nano_usd,
    generationsNanoUsd: row.generations_nano_usd,
  }));
}

/** Generations that no usage transaction of the ledger charges to their account. */
export async function unchargedGenerations(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('generations')
    .leftJoin('ledger_entry', (join) =>
      join
        .onRef('ledger_entry.transaction_id', '=', 'generations.ledger_transaction_id')
        .onRef('ledger_entry.account_id', '=', 'generations.account_id')
        .on('ledger_entry.kind', '=', 'usage')
        .on('ledger_entry.book', '=', 'customer_balance'),
    )
    .select('generations.id')
    .where('ledger_entry.transaction_id', 'is', null)
    .orderBy('generations.id')
    .limit(10)
    .execute();
  return rows.map((row) => row.id);
}

/** What each key spent on each UTC day, free models and what does not count in its workspace apart, from the generations themselves. */
export async function spendByDay(db: Db): Promise<SpendOfDay[]> {
  const { rows } = await sql<{
    account_id: string;
    key_hash: string;
    workspace_id: string | null;
    is_free: number;
    day: number;
    cost_nano_usd: bigint;
    byok_nano_usd: bigint;
    requests: number;
  }>`
    WITH spent AS (
      SELECT account_id, key_hash, model, created_at_ms, is_byok, cost_nano_usd,
             CASE WHEN rest ->> 'counts' = 'workspace' THEN rest ->> 'workspace_id' END AS workspace_id
      FROM generation_record
      UNION ALL
      SELECT account_id, key_hash, model, created_at_ms, is_byok, cost_nano_usd, NULL AS workspace_id
      FROM generation
    )
    SELECT account_id, key_hash, workspace_id,
           CASE WHEN substr(model, length(model) - 4) = ':free' THEN 1 ELSE 0 END AS is_free,
           created_at_ms / ${DAY_MS} AS day,
           SUM(CASE WHEN is_byok = 0 THEN cost_nano_usd ELSE 0 END) AS cost_nano_usd,
           SUM(CASE WHEN is_byok = 1 THEN cost_nano_usd ELSE 0 END) AS byok_nano_usd,
           COUNT(*) AS requests
    FROM spent
    GROUP BY account_id, key_hash, workspace_id, is_free, day
  `.execute(db);
  return rows.map((row) => ({
    accountId: row.account_id,
    keyHash: row.key_hash,
    workspaceId: row.workspace_id,
    isFree: row.is_free === 1,
    dayStartMs: row.day * DAY_MS,
    costNanoUsd: row.cost_nano_usd,
    byokNanoUsd: row.byok_nano_usd,
    requests: row.requests,
  }));
}

export interface ScopeSpendOfDay {
  readonly scopeKind: string;
  readonly scopeId: string;
  readonly dayStartMs: number;
  readonly costNanoUsd: bigint;
  readonly byokNanoUsd: bigint;
  readonly requests: number;
}

/** The same for each scope that generations name beside their rows. */
export async function scopeSpendByDay(db: Db): Promise<ScopeSpendOfDay[]> {
  const { rows } = await sql<{
    scope_kind: string;
    scope_id: string;
    day: number;
    cost_nano_usd: bigint;
    byok_nano_usd: bigint;
    requests: number;
  }>`
    SELECT scope.scope_kind AS scope_kind, scope.scope_id AS scope_id, generation.created_at_ms / ${DAY_MS} AS day,
           SUM(CASE WHEN generation.is_byok = 0 THEN generation.cost_nano_usd ELSE 0 END) AS cost_nano_usd,
           SUM(CASE WHEN generation.is_byok = 1 THEN generation.cost_nano_usd ELSE 0 END) AS byok_nano_usd,
           COUNT(*) AS requests
    FROM generation_scope AS scope JOIN generations AS generation ON generation.id = scope.generation_id
    GROUP BY scope.scope_kind, scope.scope_id, day
  `.execute(db);
  return rows.map((row) => ({
    scopeKind: row.scope_kind,
    scopeId: row.scope_id,
    dayStartMs: row.day * DAY_MS,
    costNanoUsd: row.cost_nano_usd,
    byokNanoUsd: row.byok_nano_usd,
    requests: row.requests,
  }));
}

/** What counters had before any generation named them. */
export async function counterOpenings(db: Db) {
  return await db.selectFrom('scope_opening').selectAll().execute();
}

/** Every counter as it is stored. */
export async function storedCounters(db: Db) {
  return await db.selectFrom('usage_window').selectAll().execute();
}
