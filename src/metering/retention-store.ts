/**
 * The SQL by which generations go: what they came to is carried over in the same transaction, so that at every moment the rows and what
 * was carried make up what there ever was.
 */
import { type RawBuilder, sql } from 'kysely';
import { generationIdsFrom, idsFrom } from '../ids.ts';
import { FOLDED } from '../storage/carried-tables.ts';
import type { Db, Trx } from '../storage/database.ts';
import { BUDGET_INTERVALS, WORKSPACE_SCOPE } from '../storage/limit-tables.ts';
import { dropPartition, freezePartition, type Partition, scopesBeside } from '../storage/partitions.ts';

const DAY_MS = 86_400_000;
/** Of a month that goes, so that each statement is short however many it has. */
const ROWS_PER_SUM = 200_000;
/** What it calls generations that named no transaction: such a one is not in the ledger, which verifying tells. */
const NO_TRANSACTION = 'none';

/** Some generations to be dropped: their rows as `g`. */
interface Going {
  readonly records: RawBuilder<unknown>;
  readonly scopes: RawBuilder<unknown>;
  readonly where: RawBuilder<unknown>;
}

/**
 * Drops up to `count` of the oldest generations that began before. Gives how many; 0: there are none. Those that are not in the sums
 * by the hour yet stay.
 */
export async function dropSome(
  trx: Trx,
  engine: 'sqlite' | 'postgres',
  beforeMs: number,
  count: number,
): Promise<number> {
  await lockCarried(trx);
  const lock = engine === 'postgres' ? sql`FOR UPDATE` : sql``;
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM generation_record
    WHERE id < ${generationIdsFrom(beforeMs)} AND created_at_ms < ${beforeMs} AND is_rolled_up = 1
    ORDER BY id LIMIT ${count} ${lock}`.execute(trx);
  if (rows.length === 0) return 0;
  const ids = sql.join(rows.map(({ id }) => id));
  const [records, scopes] = [sql`generation_record`, sql`generation_scope`];
  await carry(trx, { records, scopes, where: sql`g.id IN (${ids})` });
  await sql`DELETE FROM generation_scope WHERE generation_id IN (${ids})`.execute(trx);
  await sql`DELETE FROM generation_feedback WHERE generation_id IN (${ids})`.execute(trx);
  await sql`DELETE FROM generation_record WHERE id IN (${ids})`.execute(trx);
  await movedTo(trx, beforeMs);
  return rows.length;
}

export interface DropPatience {
  /** Before each further try while somebody reads the month. */
  readonly waited: () => Promise<void>;
  readonly tries: number;
}

/** A month that cannot go now: some of it is not in the sums by the hour yet, or somebody reads it. */
export class MonthInUse extends Error {}

/** Drops a month of PostgreSQL as a whole. Rejects with `MonthInUse` when patience ends: the transaction must not commit then. */
export async function dropMonth(
  trx: Trx,
  { name, endMs }: Partition,
  { waited, tries }: DropPatience,
): Promise<void> {
  await lockCarried(trx);
  await freezePartition(trx, name);
  const records = sql`${sql.table(name)}`;
  const { rows: missing } = await sql`SELECT 1 FROM ${records} WHERE is_rolled_up = 0 LIMIT 1`.execute(trx);
  if (missing.length > 0) throw new MonthInUse(`${name} is not in the sums by the hour yet`);
  const scopes = sql`${sql.table(scopesBeside(name))}`;
  for (const where of await rangesOf(trx, records)) await carry(trx, { records, scopes, where });
  await sql`
    DELETE FROM generation_feedback AS f WHERE EXISTS (SELECT 1 FROM ${records} AS g WHERE g.id = f.generation_id)`.execute(
    trx,
  );
  await movedTo(trx, endMs ?? 0);
  for (let left = tries; left > 0; left -= 1) {
    if (await dropPartition(trx, name)) return;
    await waited();
  }
  throw new MonthInUse(`${name} is being read`);
}

/** Conditions of which each generation of a table meets one: so many of them a range of ids. */
async function rangesOf(trx: Trx, records: RawBuilder<unknown>): Promise<RawBuilder<unknown>[]> {
  const bounds: string[] = [];
  for (let from: string | undefined = ''; ; ) {
    const { rows }: { rows: { id: string }[] } = await sql<{ id: string }>`
      SELECT id FROM ${records} WHERE id >= ${from} ORDER BY id LIMIT 1 OFFSET ${sql.lit(ROWS_PER_SUM)}`.execute(
      trx,
    );
    from = rows[0]?.id;
    if (from === undefined) break;
    bounds.push(from);
  }
  const [first] = bounds;
  if (first === undefined) return [sql`1 = 1`];
  return [
    sql`g.id < ${first}`,
    ...bounds.slice(1).map((toId, n) => sql`g.id >= ${bounds[n]} AND g.id < ${toId}`),
    sql`g.id >= ${bounds.at(-1)}`,
  ];
}

/**
 * Once all that began before is gone: what the ledger charged before can name nothing else, so it becomes one sum an account, and what
 * is carried does not grow with the number of batches.
 */
export async function foldDebits(trx: Trx, beforeMs: number): Promise<void> {
  const { folded_before } = await lockCarried(trx);
  const before = idsFrom(beforeMs);
  if (before <= folded_before) return;
  const older = sql`transaction_id <> ${FOLDED} AND transaction_id < ${before}`;
  await sql`
    INSERT INTO carried_debit (account_id, transaction_id, cost_nano_usd)
    SELECT account_id, ${sql.lit(FOLDED)}, CAST(SUM(cost_nano_usd) AS BIGINT) FROM carried_debit WHERE ${older} GROUP BY account_id
    ON CONFLICT (account_id, transaction_id) DO UPDATE SET cost_nano_usd = carried_debit.cost_nano_usd + excluded.cost_nano_usd`.execute(
    trx,
  );
  await sql`DELETE FROM carried_debit WHERE ${older}`.execute(trx);
  await trx.updateTable('carried_through').set({ folded_before: before }).execute();
}

/** Generations that began before this may be gone; null: none ever was dropped. */
export async function readDroppedBeforeMs(db: Db): Promise<number | null> {
  const row = await db.selectFrom('carried_through').select('dropped_before_ms').executeTakeFirst();
  return row === undefined || row.dropped_before_ms === 0 ? null : row.dropped_before_ms;
}

/** Whoever drops holds this row: two nodes take turns. */
async function lockCarried(trx: Trx): Promise<{ folded_before: string }> {
  const { rows } = await sql<{ folded_before: string }>`
    INSERT INTO carried_through (id, dropped_before_ms, folded_before) VALUES (1, 0, '')
    ON CONFLICT (id) DO UPDATE SET id = 1
    RETURNING folded_before`.execute(trx);
  return { folded_before: rows[0]?.folded_before ?? '' };
}

async function movedTo(trx: Trx, beforeMs: number): Promise<void> {
  await trx
    .updateTable('carried_through')
    .set({ dropped_before_ms: beforeMs })
    .where('dropped_before_ms', '<', beforeMs)
    .execute();
}

/** Of what the account's own provider key paid, the fee. */
const CHARGED = sql`CASE WHEN g.is_byok = 0 THEN g.cost_nano_usd
  ELSE COALESCE(CAST(g.rest ->> 'byok_fee_nano_usd' AS BIGINT), 0) END`;

/** Of the four scopes of a workspace, which the rows tell. */
const PERIODS = sql.join(
  BUDGET_INTERVALS.map((period) => sql`SELECT ${sql.lit(period)} AS period`),
  sql` UNION ALL `,
);

async function carry(trx: Trx, { records, scopes, where }: Going): Promise<void> {
  const day = sql`g.created_at_ms / ${sql.lit(DAY_MS)} * ${sql.lit(DAY_MS)}`;
  const sums = sql`
    CAST(SUM(${CHARGED}) AS BIGINT),
    CAST(SUM(CASE WHEN g.is_byok = 1 THEN g.cost_nano_usd ELSE 0 END) AS BIGINT),
    COUNT(*)`;
  await sql`
    INSERT INTO carried_spend
      (account_id, key_hash, is_free, day_start_ms, cost_nano_usd, byok_nano_usd, requests, last_at_ms)
    SELECT g.account_id, g.key_hash, CASE WHEN substr(g.model, length(g.model) - 4) = ':free' THEN 1 ELSE 0 END,
      ${day}, ${sums}, MAX(g.created_at_ms)
    FROM ${records} AS g WHERE ${where} GROUP BY 1, 2, 3, 4
    ON CONFLICT (account_id, key_hash, is_free, day_start_ms) DO UPDATE SET
      cost_nano_usd = carried_spend.cost_nano_usd + excluded.cost_nano_usd,
      byok_nano_usd = carried_spend.byok_nano_usd + excluded.byok_nano_usd,
      requests = carried_spend.requests + excluded.requests,
      last_at_ms = CASE WHEN excluded.last_at_ms > carried_spend.last_at_ms
        THEN excluded.last_at_ms ELSE carried_spend.last_at_ms END`.execute(trx);
  await sql`
    INSERT INTO carried_scope_spend (scope_kind, scope_id, day_start_ms, cost_nano_usd, byok_nano_usd, requests)
    SELECT s.scope_kind, s.scope_id, ${day}, ${sums}
    FROM ${records} AS g JOIN ${scopes} AS s ON s.generation_id = g.id WHERE ${where} GROUP BY 1, 2, 3
    ON CONFLICT (scope_kind, scope_id, day_start_ms) DO UPDATE SET
      cost_nano_usd = carried_scope_spend.cost_nano_usd + excluded.cost_nano_usd,
      byok_nano_usd = carried_scope_spend.byok_nano_usd + excluded.byok_nano_usd,
      requests = carried_scope_spend.requests + excluded.requests`.execute(trx);
  await sql`
    INSERT INTO carried_scope_spend (scope_kind, scope_id, day_start_ms, cost_nano_usd, byok_nano_usd, requests)
    SELECT ${sql.lit(WORKSPACE_SCOPE)}, (g.rest ->> 'workspace_id') || ' ' || budget.period, ${day}, ${sums}
    FROM ${records} AS g CROSS JOIN (${PERIODS}) AS budget
    WHERE ${where} AND g.rest ->> 'counts' = ${sql.lit(WORKSPACE_SCOPE)} AND g.rest ->> 'workspace_id' IS NOT NULL GROUP BY 1, 2, 3
    ON CONFLICT (scope_kind, scope_id, day_start_ms) DO UPDATE SET
      cost_nano_usd = carried_scope_spend.cost_nano_usd + excluded.cost_nano_usd,
      byok_nano_usd = carried_scope_spend.byok_nano_usd + excluded.byok_nano_usd,
      requests = carried_scope_spend.requests + excluded.requests`.execute(trx);
  await sql`
    INSERT INTO carried_debit (account_id, transaction_id, cost_nano_usd)
    SELECT g.account_id,
      CASE WHEN g.ledger_transaction_id < (SELECT folded_before FROM carried_through) THEN ${sql.lit(FOLDED)}
        ELSE COALESCE(g.ledger_transaction_id, ${sql.lit(NO_TRANSACTION)}) END,
      CAST(SUM(${CHARGED}) AS BIGINT)
    FROM ${records} AS g WHERE ${where} GROUP BY 1, 2
    ON CONFLICT (account_id, transaction_id) DO UPDATE SET
      cost_nano_usd = carried_debit.cost_nano_usd + excluded.cost_nano_usd`.execute(trx);
}
