/**
 * `npm run bench -- --rows N [--engine sqlite|postgres]`: what a flush, a page of the log, a chart and the end of a month cost in a
 * database of a year with N generations. PostgreSQL is one of its own. A row takes some 1.2 KB of disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { activityOf, parseActivityQuery } from '../src/analytics/activity.ts';
import { monthStartMs } from '../src/clock.ts';
import { newGenerationId, newId } from '../src/ids.ts';
import { Journal } from '../src/journal/journal.ts';
import { Flusher } from '../src/metering/flush.ts';
import { DURATION_COLUMNS, LATENCY_COLUMNS } from '../src/metering/histogram.ts';
import { GenerationRetention } from '../src/metering/retention.ts';
import { SpendLog } from '../src/metering/spend-log.ts';
import { findGeneration, listGenerations } from '../src/metering/store.ts';
import type { Database } from '../src/storage/database.ts';
import { takeOverJournal } from '../src/storage/journal-position.ts';
import { arrangeGenerations } from '../src/storage/partitions.ts';
import { engines } from '../test/databases.ts';
import { silent } from '../test/flush-bench.ts';
import { generationOf, journalled } from '../test/generations.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const KEYS = 100;
const SERIES = 50;
const FLUSHED = 10_000;
const REPEATS = 5;
/** Of a year of whole months: the first one is what goes. */
const MONTHS = 12;
const REST = `{"workspace_id":"w","api_type":"completions","model_permaslug":"acme/small","provider_name":"Acme","endpoint_tag":"acme","request_id":"req-1795176000-00170000000000000001","prompt_tokens":1234,"completion_tokens":567,"generation_time_ms":4321,"latency_ms":321,"upstream_id":"chatcmpl-0123456789012345678901234","finish_reason":"stop","native_finish_reason":"stop","upstream_cost_nano_usd":123456,"attempts":[{"provider":"Acme","tag":"acme","model":"acme/small","status":200,"latency_ms":3}]}`;

export interface GrowthOrder {
  readonly rows: number;
  readonly engine: string | undefined;
}

/** Prints a line a measurement: engine, rows, what, how long. */
export async function measureGrowth({ rows, engine: wanted }: GrowthOrder): Promise<void> {
  const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const startMs = monthStartMs(nowMs, -MONTHS);
  for (const engine of engines) {
    if (wanted !== undefined && engine.name !== wanted) continue;
    const { database, dispose } = await engine.open();
    const report = (what: string, value: string) => console.log(`${engine.name}\t${rows}\t${what}\t${value}`);
    if (engine.name === 'postgres')
      for (let month = 0; month <= MONTHS; month += 1)
        await arrangeGenerations(database, monthStartMs(startMs, month));
    report('flush into empty tables', `${(await flushed(database, nowMs)).toFixed(0)} us a record`);
    await fill(database, rows, startMs, nowMs);
    await fillHours(database, nowMs);
    if (engine.name === 'postgres') await database.runLong('ANALYZE');
    for (let n = 0; n < 3; n += 1)
      report('flush into full tables', `${(await flushed(database, nowMs)).toFixed(0)} us a record`);
    for (const [what, ask] of questions(database, rows, startMs, nowMs)) {
      const times: number[] = [];
      for (let n = 0; n < REPEATS; n += 1) times.push(await timeOf(ask));
      const [first = 0] = times;
      const median = times.toSorted((a, b) => a - b)[REPEATS >> 1] ?? 0;
      report(what, `${median.toFixed(1)} ms (the first time ${first.toFixed(1)})`);
    }
    if (engine.name === 'sqlite') await dropAsTable(database, startMs, report);
    await dropMonth(database, startMs, nowMs, report);
    await dispose();
  }
}

async function timeOf(what: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await what();
  return performance.now() - startedAt;
}

/** One row of numbers from 0, of either engine. */
function numbers({ engine }: Database, count: number) {
  return engine === 'sqlite'
    ? sql`(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ${sql.lit(count)}) SELECT n FROM c) AS c`
    : sql`(SELECT n::bigint AS n FROM generate_series(0, ${sql.lit(count - 1)}) AS n) AS c`;
}

const CHUNK = 100_000;

const idOf = (startMs: number, stepMs: number, n: number) =>
  `gen-${Math.floor((startMs + Math.floor(n * stepMs)) / 1000)}-${String(n).padStart(20, '0')}`;

/** Each chunk at even distances, charged by a transaction of a hundred. */
async function fill(database: Database, rows: number, startMs: number, nowMs: number): Promise<void> {
  const stepMs = (nowMs - startMs) / rows;
  const digits =
    database.engine === 'sqlite' ? sql`printf('%020d', n + k)` : sql`lpad((n + k)::text, 20, '0')`;
  for (let from = 0; from < rows; from += CHUNK) {
    const at = sql`CAST(${sql.lit(startMs)} + floor((n + k) * ${sql.lit(stepMs)}) AS BIGINT)`;
    const some = sql`(SELECT n, ${sql.lit(from)} AS k FROM ${numbers(database, Math.min(CHUNK, rows - from))}) AS chunk`;
    await sql`
      INSERT INTO generation_record (id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd,
        overshoot_nano_usd, ledger_transaction_id, rest, is_rolled_up)
      SELECT 'gen-' || CAST(at / 1000 AS TEXT) || '-' || digits, 'a', 'key-' || CAST(n % ${sql.lit(KEYS)} AS TEXT), at,
        'acme/small', 0, 123456, 0, 'some-transaction-of-a-ledger-' || CAST(n / 100 AS TEXT), ${sql.lit(REST)}, 1
      FROM (SELECT n + k AS n, ${at} AS at, ${digits} AS digits FROM ${some}) AS c`.execute(database.db);
  }
}

async function fillHours(database: Database, nowMs: number): Promise<void> {
  const { db } = database;
  const hours = 30 * 24;
  await sql`
    INSERT INTO usage_series (id, account_id, workspace_id, key_hash, api_type, model, model_permaslug, provider_slug,
      provider_name, endpoint_tag, is_byok)
    SELECT 'series-' || CAST(n AS TEXT), 'a', 'w', 'key-' || CAST(n / 5 AS TEXT), 'completions',
      'acme/m' || CAST(n % 5 AS TEXT), 'acme/m' || CAST(n % 5 AS TEXT), 'acme', 'Acme', 'acme', 0
    FROM ${numbers(database, SERIES)}`.execute(db);
  const buckets = [...LATENCY_COLUMNS, ...DURATION_COLUMNS];
  await sql`
    INSERT INTO usage_hour (account_id, hour_ms, series_id, outcome, requests, prompt_tokens, completion_tokens,
      reasoning_tokens, cached_tokens, cache_write_tokens, cost_nano_usd, byok_nano_usd, cache_discount_nano_usd,
      latency_count, latency_sum_ms, duration_count, duration_sum_ms, ${sql.raw(buckets.join(', '))})
    SELECT 'a', ${sql.lit(nowMs - hours * HOUR_MS)} + (n / ${sql.lit(SERIES)}) * ${sql.lit(HOUR_MS)},
      'series-' || CAST(n % ${sql.lit(SERIES)} AS TEXT), 'complete', 3600, 4000000, 2000000, 0, 0, 0, 444000000, 0, 0,
      3600, 1000000, 3600, 15000000, ${sql.raw(buckets.map(() => '150').join(', '))}
    FROM ${numbers(database, SERIES * hours)}`.execute(db);
}

/** A flusher with a journal of its own, to which `bring` gives records. */
async function withFlusher(
  database: Database,
  nowMs: number,
  use: (bring: (count: number) => Promise<number>) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'turnpike-growth-'));
  const turn = await takeOverJournal(database.db, newId());
  const onFailure = (cause: unknown) => console.error(cause);
  const journal = Journal.open({ dir, flushedSeq: turn.flushedSeq, onFailure });
  const log = new SpendLog(journal);
  const flusher = new Flusher({ database, log, turn, logger: silent, clock: { nowMs: () => nowMs } });
  await use(async (count) => {
    const records = Array.from({ length: count }, (_, n) => {
      const atMs = nowMs - (count - n) * 10;
      const figures = { latency_ms: n % 3000, generation_time_ms: n % 20_000, created_at_ms: atMs };
      const whose = { account_id: 'a', key_hash: `key-${n % KEYS}`, model: `acme/m${n % 5}` };
      return journalled(log, generationOf({ id: newGenerationId(atMs), ...whose, ...figures }));
    });
    await journal.durable();
    return await timeOf(async () => {
      for (const record of records) flusher.add(record);
      await flusher.flushed();
    });
  });
  await flusher.stop();
  await journal.close();
  rmSync(dir, { recursive: true, force: true });
}

/** Microseconds a record, of batches of a thousand. */
async function flushed(database: Database, nowMs: number): Promise<number> {
  let spentMs = 0;
  await withFlusher(database, nowMs, async (bring) => {
    spentMs = await bring(FLUSHED);
  });
  return (spentMs * 1000) / FLUSHED;
}

function questions(
  database: Database,
  rows: number,
  startMs: number,
  nowMs: number,
): [string, () => Promise<unknown>][] {
  const { db } = database;
  const stepMs = (nowMs - startMs) / rows;
  const page = { accountId: 'a', keyHashes: null, after: null, limit: 50 };
  const middle = { created_at_ms: startMs + Math.floor((nowMs - startMs) / 2), id: '' };
  const figures = {
    ...{ database, clock: { nowMs: () => nowMs }, flushed: async () => {}, isRollingUp: async () => false },
    ...{ keyNames: async () => [], workspaces: async () => [{ id: 'w', name: 'W' }] },
  };
  const viewer = { accountId: 'a', madeBy: null, withIds: true, timeZone: 'UTC' };
  return [
    ['a generation by its id', () => findGeneration(db, 'a', idOf(startMs, stepMs, Math.floor(rows / 3)))],
    [
      'an id that is unknown',
      () => findGeneration(db, 'a', idOf(startMs, stepMs, Math.floor(rows / 3)).slice(0, -1)),
    ],
    ['the newest page of the log', () => listGenerations(db, page)],
    ['a page from half a year ago', () => listGenerations(db, { ...page, after: middle })],
    ['the newest page of a key', () => listGenerations(db, { ...page, keyHashes: ['key-7'] })],
    [
      'a page of a key, half a year ago',
      () => listGenerations(db, { ...page, keyHashes: ['key-7'], after: middle }),
    ],
    [
      'activity of 30 days',
      () => activityOf(figures, viewer, parseActivityQuery(new URLSearchParams(), nowMs)),
    ],
  ];
}

type Report = (what: string, value: string) => void;

/** What it would cost on SQLite if a month were a table of its own: everybody waits for it. */
async function dropAsTable({ db }: Database, startMs: number, report: Report): Promise<void> {
  const endMs = monthStartMs(startMs, 1);
  await sql`CREATE TABLE a_month AS SELECT * FROM generation_record WHERE id < ${`gen-${endMs / 1000}`}`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX a_month_id ON a_month (id)`.execute(db);
  await sql`CREATE INDEX a_month_by_account ON a_month (account_id, created_at_ms)`.execute(db);
  await sql`CREATE INDEX a_month_by_key ON a_month (key_hash, created_at_ms)`.execute(db);
  const { rows } = await sql<{ count: number }>`SELECT COUNT(*) AS count FROM a_month`.execute(db);
  const spentMs = await timeOf(() => sql`DROP TABLE a_month`.execute(db));
  report(
    `DROP TABLE of a month (${rows[0]?.count} rows)`,
    `${spentMs.toFixed(0)} ms, in which nobody is served`,
  );
}

/** As the gateway does it, while a flush of twenty records comes by again and again. */
async function dropMonth(database: Database, startMs: number, nowMs: number, report: Report): Promise<void> {
  const days = Math.floor((nowMs - monthStartMs(startMs, 1)) / DAY_MS) - 1;
  const clock = { nowMs: () => nowMs };
  let isOver = false;
  const waits: number[] = [];
  await withFlusher(database, nowMs, async (bring) => {
    const flushing = (async () => {
      while (!isOver) {
        waits.push(await bring(20));
        await Bun.sleep(50);
      }
    })();
    const retention = new GenerationRetention({ database, clock, logger: silent, days });
    const spentMs = await timeOf(() => retention.run());
    isOver = true;
    await flushing;
    const sorted = waits.toSorted((a, b) => a - b);
    const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
    const { rows } = await sql<{ count: number }>`SELECT SUM(requests) AS count FROM carried_spend`.execute(
      database.db,
    );
    report(
      `dropping a month (${Number(rows[0]?.count)} rows)`,
      `${(spentMs / 1000).toFixed(1)} s; a flush of 20 beside it ${at(0.5)} ms, at worst ${sorted.at(-1)?.toFixed(0)} ms`,
    );
  });
}
