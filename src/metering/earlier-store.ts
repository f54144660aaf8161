/** The SQL that moves what earlier versions wrote in `generation` to generation_record, without a row leaving the database. */
import { sql, type Transaction } from 'kysely';
import type { Tables } from '../storage/schema.ts';

/** Columns of `generation` that are members of `rest`, by what nothing is there. */
const TEXTS = [
  ...[
    'workspace_id',
    'request_id',
    'api_type',
    'model_permaslug',
    'router',
    'provider_slug',
    'provider_name',
  ],
  ...['endpoint_tag', 'upstream_id', 'finish_reason', 'native_finish_reason', 'service_tier', 'http_referer'],
  ...['app_title', 'app_categories', 'user_agent', 'session_id', 'end_user', 'external_user'],
];
const COUNTS = [
  ...['streamed', 'cancelled', 'estimated', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens'],
  ...[
    'cached_tokens',
    'cache_write_tokens',
    'image_count',
    'upstream_cost_nano_usd',
    'cache_discount_nano_usd',
  ],
];
const TIMES = ['latency_ms', 'generation_time_ms'];
/** Stays the text that it is: its own nulls say something. */
const ATTEMPTS = `'attempts', NULLIF(attempts, '[]')`;

const MEMBERS = [
  ...[...TEXTS, ...TIMES].map((name) => `'${name}', ${name}`),
  ...COUNTS.map((name) => `'${name}', NULLIF(${name}, 0)`),
  ATTEMPTS,
].join(', ');

const COLUMNS =
  'id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd, overshoot_nano_usd, ledger_transaction_id';
const INTO = `INSERT INTO generation_record (${COLUMNS}, rest)`;
const ONCE = 'ON CONFLICT (id) DO NOTHING';

export interface MovedRows {
  readonly count: number;
  /** The last of them. */
  readonly lastId: string;
}

/**
 * Moves up to `count` rows, those that come first behind an id; null: there is none. Two processes at once move different ones.
 * Nothing of it is seen before the transaction commits, and then all of it.
 */
export async function moveEarlierRows(
  trx: Transaction<Tables>,
  engine: 'sqlite' | 'postgres',
  behindId: string,
  count: number,
): Promise<MovedRows | null> {
  return engine === 'sqlite'
    ? await moveOnSqlite(trx, behindId, count)
    : await moveOnPostgres(trx, behindId, count);
}

async function moveOnSqlite(
  trx: Transaction<Tables>,
  behindId: string,
  count: number,
): Promise<MovedRows | null> {
  const { rows } = await sql<{ count: number; last_id: string | null }>`
    SELECT COUNT(*) AS count, MAX(id) AS last_id
    FROM (SELECT id FROM generation WHERE id > ${behindId} ORDER BY id LIMIT ${count})`.execute(trx);
  const [found] = rows;
  if (found === undefined || found.last_id === null) return null;
  const range = sql`id > ${behindId} AND id <= ${found.last_id}`;
  // A patch of nothing leaves out what is null.
  await sql`
    ${sql.raw(INTO)}
    SELECT ${sql.raw(COLUMNS)}, json_patch('{}', json_object(${sql.raw(MEMBERS)}))
    FROM generation WHERE ${range} ${sql.raw(ONCE)}`.execute(trx);
  await sql`DELETE FROM generation WHERE ${range}`.execute(trx);
  return { count: found.count, lastId: found.last_id };
}

async function moveOnPostgres(
  trx: Transaction<Tables>,
  behindId: string,
  count: number,
): Promise<MovedRows | null> {
  // Another process' rows are passed over, so a cursor spares the rest of the table from being looked at again.
  const { rows } = await sql<{ count: number; last_id: string | null }>`
    WITH taken AS (
      DELETE FROM generation WHERE id IN (
        SELECT id FROM generation WHERE id > ${behindId} ORDER BY id LIMIT ${count} FOR UPDATE SKIP LOCKED
      ) RETURNING *
    ), moved AS (
      ${sql.raw(INTO)}
      SELECT ${sql.raw(COLUMNS)}, json_strip_nulls(json_build_object(${sql.raw(MEMBERS)})) FROM taken ${sql.raw(ONCE)}
    )
    SELECT COUNT(*) AS count, MAX(id) AS last_id FROM taken`.execute(trx);
  const [found] = rows;
  return found === undefined || found.last_id === null ? null : { count: found.count, lastId: found.last_id };
}
