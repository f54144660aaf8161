/** SQL of reconciliation: what the ledger has of one provider, added up by the database. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../storage/database.ts';

/**
 * `own_key`: paid by a key of the caller's own. `failed`: it failed and cost nothing, here and by the list. `insured`: it cost something by
 * the list and its caller nothing. `cancelled` and `estimated`: its tokens were counted here, its client having left or not.
 */
export const KINDS = ['own_key', 'failed', 'insured', 'cancelled', 'estimated', 'plain'] as const;
export type LedgerKind = (typeof KINDS)[number];

export interface LedgerSum {
  readonly model: string;
  readonly kind: LedgerKind;
  /** Whether they ended on the day after. */
  readonly ends_later: 0 | 1;
  readonly requests: number;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly cache_write_tokens: number;
  readonly cache_write_1h_tokens: number;
  readonly completion_tokens: number;
  readonly reasoning_tokens: number;
  /** What they cost at the provider, by the prices of their time. */
  readonly upstream_cost_nano_usd: bigint;
}

export interface Slice {
  readonly accountId: string;
  readonly providerSlug: string;
  readonly startMs: number;
  /** Not part of it. */
  readonly endMs: number;
  /** When the day ends that all of it lies in. */
  readonly dayEndMs: number;
}

/** One walk through an index of each table, for the rows of the slice. */
export async function sumSlice(db: Db, slice: Slice): Promise<LedgerSum[]> {
  const { accountId, providerSlug, startMs, endMs, dayEndMs } = slice;
  const sums: LedgerSum[] = [];
  for (const table of ['generation_record', 'generation'] as const) {
    const { text, integer } = membersOf(table);
    const sum = (name: string) => sql`SUM(${integer(name)})`;
    const upstream = integer('upstream_cost_nano_usd');
    const { rows } = await sql<LedgerSum>`
      SELECT model,
             CASE WHEN is_byok = 1 THEN 'own_key'
                  WHEN COALESCE(${text('finish_reason')}, '') = 'error' AND ${upstream} = 0 THEN 'failed'
                  WHEN cost_nano_usd = 0 AND ${upstream} <> 0 THEN 'insured'
                  WHEN ${integer('estimated')} = 1 AND ${integer('cancelled')} = 1 THEN 'cancelled'
                  WHEN ${integer('estimated')} = 1 THEN 'estimated'
                  ELSE 'plain' END AS kind,
             CASE WHEN created_at_ms + ${integer('generation_time_ms')} >= ${dayEndMs} THEN 1 ELSE 0 END AS ends_later,
             COUNT(*) AS requests,
             ${sum('prompt_tokens')} AS prompt_tokens,
             ${sum('cached_tokens')} AS cached_tokens,
             ${sum('cache_write_tokens')} AS cache_write_tokens,
             ${table === 'generation' ? sql`0` : sum('cache_write_1h_tokens')} AS cache_write_1h_tokens,
             ${sum('completion_tokens')} AS completion_tokens,
             ${sum('reasoning_tokens')} AS reasoning_tokens,
             SUM(${upstream}) AS upstream_cost_nano_usd
      FROM ${sql.table(table)}
      WHERE account_id = ${accountId} AND created_at_ms >= ${startMs} AND created_at_ms < ${endMs}
        AND ${text('provider_slug')} = ${providerSlug}
      GROUP BY 1, 2, 3`.execute(db);
    sums.push(...rows);
  }
  return sums;
}

export interface AttemptsRow {
  readonly id: string;
  readonly model: string;
  readonly attempts: string;
}

/** Where several providers were asked: their attempts, as `AttemptRecord`s in JSON, a page of so many. */
export async function attemptsOfSlice(
  db: Db,
  { accountId, startMs, endMs }: Omit<Slice, 'dayEndMs' | 'providerSlug'>,
  afterId: string,
  limit: number,
): Promise<AttemptsRow[]> {
  const found: AttemptsRow[] = [];
  for (const table of ['generation_record', 'generation'] as const) {
    const { text } = membersOf(table);
    const { rows } = await sql<AttemptsRow>`
      SELECT id, model, CAST(${text('attempts')} AS TEXT) AS attempts
      FROM ${sql.table(table)}
      WHERE account_id = ${accountId} AND created_at_ms >= ${startMs} AND created_at_ms < ${endMs}
        AND id > ${afterId} AND ${text('attempts')} LIKE '%},{%'
      ORDER BY id LIMIT ${limit}`.execute(db);
    found.push(...rows);
  }
  return found.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit);
}

/** The table of earlier versions has as columns what the other has as members of a JSON object. */
function membersOf(table: 'generation_record' | 'generation'): {
  text: (name: string) => RawBuilder<unknown>;
  integer: (name: string) => RawBuilder<unknown>;
} {
  const text = (name: string) =>
    table === 'generation_record' ? sql`(rest ->> ${sql.lit(name)})` : sql.ref(name);
  return { text, integer: (name) => sql`COALESCE(CAST(${text(name)} AS BIGINT), 0)` };
}
