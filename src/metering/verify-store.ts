/** The sums that verifying needs, worked out by the database. Reads everything: for the command line, never for a request. */
import { sql } from 'kysely';
import { FOLDED } from '../storage/carried-tables.ts';
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

/** How many usage transactions the ledger has. */
export async function countUsageDebits(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('ledger_entry')
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('kind', '=', 'usage')
    .where('book', '=', 'customer_balance')
    .executeTakeFirstOrThrow();
  return count;
}

/** By account and transaction, those whose generations were all dropped long ago in one. */
const DEBITS = sql`
  SELECT entry.account_id AS account_id,
         CASE WHEN entry.transaction_id < COALESCE((SELECT folded_before FROM carried_through), '')
           THEN ${sql.lit(FOLDED)} ELSE entry.transaction_id END AS transaction_id,
         -SUM(entry.amount_nano_usd) AS debit_nano_usd,
         SUM(COALESCE(present.cost_nano_usd, 0)) AS present_nano_usd
  FROM ledger_entry AS entry
  LEFT JOIN (
    SELECT account_id, ledger_transaction_id, SUM(CASE WHEN is_byok = 0 THEN cost_nano_usd ELSE byok_fee_nano_usd END) AS cost_nano_usd
    FROM generations GROUP BY account_id, ledger_transaction_id
  ) AS present ON present.ledger_transaction_id = entry.transaction_id AND present.account_id = entry.account_id
  WHERE entry.kind = 'usage' AND entry.book = 'customer_balance'
  GROUP BY 1, 2`;

export interface WrongDebit {
  /** '': of all transactions whose generations were dropped long ago. */
  readonly transactionId: string;
  readonly accountId: string;
  readonly debitNanoUsd: bigint;
  /** Of those that are there and those that were dropped. */
  readonly generationsNanoUsd: bigint;
}

/** The first usage transaction that debits an account something else than the account's generations that name it cost. */
export async function firstWrongDebit(db: Db): Promise<WrongDebit | null> {
  const { rows } = await sql<{
    transaction_id: string;
    account_id: string;
    debit_nano_usd: bigint;
    generations_nano_usd: bigint;
  }>`
    SELECT debit.transaction_id AS transaction_id, debit.account_id AS account_id,
           debit.debit_nano_usd AS debit_nano_usd,
           debit.present_nano_usd + COALESCE(carried.cost_nano_usd, 0) AS generations_nano_usd
    FROM (${DEBITS}) AS debit
    LEFT JOIN carried_debit AS carried
      ON carried.account_id = debit.account_id AND carried.transaction_id = debit.transaction_id
    WHERE debit.debit_nano_usd <> debit.present_nano_usd + COALESCE(carried.cost_nano_usd, 0)
    ORDER BY debit.transaction_id, debit.account_id LIMIT 1
  `.execute(db);
  const [row] = rows;
  return row === undefined
    ? null
    : {
        transactionId: row.transaction_id,
        accountId: row.account_id,
        debitNanoUsd: BigInt(row.debit_nano_usd),
        generationsNanoUsd: BigInt(row.generations_nano_usd),
      };
}

/** What was carried of transactions that the ledger does not have. */
export async function carriedWithoutDebit(db: Db): Promise<string | null> {
  const folded = sql`COALESCE((SELECT folded_before FROM carried_through), '')`;
  const { rows } = await sql<{ account_id: string; transaction_id: string }>`
    SELECT carried.account_id AS account_id, carried.transaction_id AS transaction_id
    FROM carried_debit AS carried
    WHERE NOT EXISTS (
      SELECT 1 FROM ledger_entry AS entry
      WHERE entry.account_id = carried.account_id AND entry.kind = 'usage' AND entry.book = 'customer_balance'
        AND (entry.transaction_id = carried.transaction_id
          OR (carried.transaction_id = ${sql.lit(FOLDED)} AND entry.transaction_id < ${folded}))
    )
    ORDER BY carried.account_id, carried.transaction_id LIMIT 1`.execute(db);
  const [row] = rows;
  return row === undefined
    ? null
    : `what was carried of transaction ${row.transaction_id || '(folded)'} of ${row.account_id}`;
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
             COALESCE(CAST(rest ->> 'byok_fee_nano_usd' AS BIGINT), 0) AS byok_fee_nano_usd,
             CASE WHEN rest ->> 'counts' = 'workspace' THEN rest ->> 'workspace_id' END AS workspace_id
      FROM generation_record
      UNION ALL
      SELECT account_id, key_hash, model, created_at_ms, is_byok, cost_nano_usd, 0 AS byok_fee_nano_usd, NULL AS workspace_id
      FROM generation
    )
    SELECT account_id, key_hash, workspace_id,
           CASE WHEN substr(model, length(model) - 4) = ':free' THEN 1 ELSE 0 END AS is_free,
           created_at_ms / ${DAY_MS} AS day,
           SUM(CASE WHEN is_byok = 0 THEN cost_nano_usd ELSE byok_fee_nano_usd END) AS cost_nano_usd,
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

/** The same of the generations that were dropped; what counted in workspaces is with the scopes. */
export async function carriedSpendByDay(db: Db): Promise<SpendOfDay[]> {
  const rows = await db.selectFrom('carried_spend').selectAll().execute();
  return rows.map((row) => ({
    accountId: row.account_id,
    keyHash: row.key_hash,
    workspaceId: null,
    isFree: row.is_free === 1,
    dayStartMs: row.day_start_ms,
    costNanoUsd: row.cost_nano_usd,
    byokNanoUsd: row.byok_nano_usd,
    requests: row.requests,
  }));
}

/** And of the scopes that they named. */
export async function carriedScopeSpendByDay(db: Db): Promise<ScopeSpendOfDay[]> {
  const rows = await db.selectFrom('carried_scope_spend').selectAll().execute();
  return rows.map((row) => ({
    scopeKind: row.scope_kind,
    scopeId: row.scope_id,
    dayStartMs: row.day_start_ms,
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
           SUM(CASE WHEN generation.is_byok = 0 THEN generation.cost_nano_usd ELSE generation.byok_fee_nano_usd END) AS cost_nano_usd,
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
