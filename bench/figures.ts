/**
 * What figures cost as the tables grow: a year of hours and so many generations are made, then a flush and the questions of a dashboard
 * are timed. `bun bench/figures.ts 1000000 [sqlite|postgres [keys|flush]]`; PostgreSQL is one of its own. With `keys`, of an account of 10,000
 * keys alone; with `flush`, flushes alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { activityOf, parseActivityQuery } from '../src/analytics/activity.ts';
import { type AnalyticsServices, answerQuery, type Viewer } from '../src/analytics/analytics.ts';
import { parseAnalyticsQuery } from '../src/analytics/query-body.ts';
import { Journal } from '../src/journal/journal.ts';
import { closeNext, endOfClosed } from '../src/metering/closing.ts';
import { dayOf } from '../src/metering/days.ts';
import { Flusher } from '../src/metering/flush.ts';
import { DURATION_COLUMNS, LATENCY_COLUMNS } from '../src/metering/histogram.ts';
import { SpendLog } from '../src/metering/spend-log.ts';
import type { Database } from '../src/storage/database.ts';
import { takeOverJournal } from '../src/storage/journal-position.ts';
import { engines } from '../test/databases.ts';
import { silent } from '../test/flush-bench.ts';
import { generationOf, journalled } from '../test/generations.ts';

const [wantedRows = '1000000', wantedEngine, only] = process.argv.slice(2);
const ROWS = Number(wantedRows);
const SERIES = 50;
const HOURS = 365 * 24;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const [KEYS, MODELS, MODELS_A_DAY, BUSY_HOURS] = [200, 30, 3, 6];
const FLUSHED = 20_000;
const REPEATS = 5;
const NOW_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const clock = { nowMs: () => NOW_MS };

for (const engine of engines) {
  if (wantedEngine !== undefined && engine.name !== wantedEngine) continue;
  const { database, dispose } = await engine.open();
  const report = (what: string, value: string) => console.log(`${engine.name}\t${ROWS}\t${what}\t${value}`);
  if (only === 'keys') {
    await tenThousandKeys(database, report);
    await dispose();
    continue;
  }
  await flushed(database);
  report('flush, empty tables', await flushed(database));
  if (only === 'flush') {
    for (let n = 0; n < 3; n += 1) report('flush', await flushed(database));
    await dispose();
    continue;
  }
  await makeGenerations(database);
  await makeHours(database);
  if (engine.name === 'postgres') await sql`ANALYZE`.execute(database.db);
  report('flush, full tables', await flushed(database));
  await asked(questions(database), report);
  await makeManyKeys(database);
  if (engine.name === 'postgres') await sql`ANALYZE`.execute(database.db);
  await asked(manyKeys(database), (name, value) => report(`${name}, by its hours`, value));
  await addedUp(database, 'b', report);
  if (engine.name === 'postgres') await sql`ANALYZE`.execute(database.db);
  await asked(manyKeys(database), report);
  await dispose();
}
process.exit(0);

/** A month of so many generations: each key has three models, one generation an hour at the most. */
async function tenThousandKeys(
  database: Database,
  report: (what: string, value: string) => void,
): Promise<void> {
  const { db, engine } = database;
  const [keys, lit] = [10_000, sql.lit];
  await sql`
    INSERT INTO usage_series (id, account_id, workspace_id, key_hash, api_type, model, model_permaslug, provider_slug,
      provider_name, endpoint_tag, is_byok)
    SELECT 'series-of-one-' || CAST(n AS TEXT), 'c', 'w', 'hash-of-a-key-of-sixty-four-characters-0000000000000000000-' || CAST(n / 3 AS TEXT),
      'completions', 'acme/m' || CAST(n % 30 AS TEXT), 'acme/m' || CAST(n % 30 AS TEXT), 'acme', 'Acme', 'acme', 0
    FROM ${numbers(database, keys * 3)}`.execute(db);
  const buckets = [...LATENCY_COLUMNS, ...DURATION_COLUMNS];
  const firstMs = dayOf(NOW_MS) - 30 * DAY_MS;
  const hours = Math.round((NOW_MS - firstMs) / HOUR_MS);
  // In pieces: a client of PostgreSQL waits for one statement so long and no longer.
  for (let from = 0; from < ROWS; from += 50_000) {
    const n = sql`(${lit(from)} + n)`;
    await sql`
      INSERT INTO usage_hour (account_id, hour_ms, series_id, outcome, requests, prompt_tokens, completion_tokens,
        reasoning_tokens, cached_tokens, cache_write_tokens, cost_nano_usd, byok_nano_usd, cache_discount_nano_usd,
        latency_count, latency_sum_ms, duration_count, duration_sum_ms, ${sql.raw(buckets.join(', '))})
      SELECT 'c', ${lit(firstMs)} + ((${n} * 7919) % ${lit(hours)}) * ${lit(HOUR_MS)},
        'series-of-one-' || CAST((${n} * 3 + (${n} / ${lit(keys)}) % 3) % ${lit(keys * 3)} AS TEXT), 'complete', 1, 1200, 500, 0, 0, 0, 123456, 0, 0,
        1, 320, 1, 4300, ${sql.raw(buckets.map((_, at) => (at % 12 === 5 ? '1' : '0')).join(', '))}
      FROM ${numbers(database, Math.min(50_000, ROWS - from))} WHERE true
      ON CONFLICT DO NOTHING`.execute(db);
  }
  if (engine === 'postgres') await sql`ANALYZE`.execute(db);
  const services: AnalyticsServices = {
    ...{ database, clock, flushed: async () => {}, isRollingUp: async () => false },
    keyNames: async () => [],
    workspaces: async () => [{ id: 'w', name: 'W' }],
  };
  const asking = (timeZone: string) => (body: object) => () =>
    answerQuery(
      services,
      { accountId: 'c', madeBy: null, withIds: true, timeZone },
      parseAnalyticsQuery(body, NOW_MS),
    );
  const [ask, inBerlin] = [asking('UTC'), asking('Europe/Berlin')];
  const metrics = ['total_usage', 'request_count', 'tokens_total'];
  const all: Named[] = [
    ['30 days by day', ask({ metrics, granularity: 'day' })],
    ['30 days by day and model', ask({ metrics, dimensions: ['model'], granularity: 'day' })],
    ['30 days by day and model, Berlin', inBerlin({ metrics, dimensions: ['model'], granularity: 'day' })],
    ['30 days by day, p95', ask({ metrics: ['latency_p95'], granularity: 'day' })],
    ['30 days by model', ask({ metrics, dimensions: ['model'] })],
    ['30 days by key', ask({ metrics, dimensions: ['api_key_id'] })],
    [
      'GET /activity',
      () =>
        activityOf(
          services,
          { accountId: 'c', madeBy: null, withIds: true, timeZone: 'UTC' },
          parseActivityQuery(new URLSearchParams(), NOW_MS),
        ),
    ],
  ];
  const named = (how: string) => (what: string, value: string) => report(`10,000 keys, ${what}${how}`, value);
  await addedUp(database, 'c', named(''));
  // What follows a gateway by itself, some minutes later.
  if (engine === 'postgres') await sql`VACUUM ANALYZE`.execute(db);
  await asked(all, named(', from the longer sums'));
}

/** All hours that are over, and how long the steps took. */
async function addedUp(
  database: Database,
  accountId: string,
  report: (what: string, value: string) => void,
): Promise<void> {
  const steps: number[] = [];
  const usedBefore = process.cpuUsage();
  for (let isMore = true; isMore; ) {
    const startedAt = performance.now();
    isMore = await database.transaction((trx) => closeNext(trx, accountId, endOfClosed(NOW_MS)));
    steps.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(usedBefore);
  const cpuMs = (user + system) / 1000 / steps.length;
  const sorted = steps.toSorted((one, other) => one - other);
  const at = (share: number) => `${sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(1)} ms`;
  report(
    'hours added up',
    `${steps.length} steps: ${at(0.5)}, p99 ${at(0.99)}, the longest ${at(1)}; CPU ${cpuMs.toFixed(1)} ms each`,
  );
}

type Named = readonly [string, () => Promise<unknown>];

/** The median and the fastest of some tries, and the least CPU of this process, whose thread SQLite is; or why there is none. */
async function asked(questions: readonly Named[], report: (what: string, value: string) => void) {
  for (const [name, ask] of questions) {
    const [times, cpu]: [number[], number[]] = [[], []];
    try {
      for (let n = 0; n < REPEATS; n += 1) {
        const startedAt = performance.now();
        const usedBefore = process.cpuUsage();
        await ask();
        const { user, system } = process.cpuUsage(usedBefore);
        times.push(performance.now() - startedAt);
        cpu.push((user + system) / 1000);
      }
      const [median, fastest] = [times.sort((a, b) => a - b)[REPEATS >> 1], times[0]];
      report(
        name,
        `${median?.toFixed(1)} ms, fastest ${fastest?.toFixed(1)}, CPU ${Math.min(...cpu).toFixed(1)}`,
      );
    } catch (thrown) {
      report(name, `refused: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }
}

/** One row of numbers from 0, of either engine. */
function numbers({ engine }: Database, count: number) {
  return engine === 'sqlite'
    ? sql`(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ${sql.lit(count)}) SELECT n FROM c) AS c`
    : sql`(SELECT n::bigint AS n FROM generate_series(0, ${sql.lit(count - 1)}) AS n) AS c`;
}

async function makeGenerations(database: Database): Promise<void> {
  const step = Math.floor((HOURS * HOUR_MS) / ROWS);
  const rest = `{"workspace_id":"w","api_type":"completions","model_permaslug":"acme/small","provider_name":"Acme","endpoint_tag":"acme","request_id":"req-1795176000-00170000000000000001","prompt_tokens":1234,"completion_tokens":567,"generation_time_ms":4321,"latency_ms":321,"upstream_id":"chatcmpl-0123456789012345678901234","finish_reason":"stop","native_finish_reason":"stop","upstream_cost_nano_usd":123456,"attempts":[{"provider":"Acme","tag":"acme","model":"acme/small","status":200,"latency_ms":3}]}`;
  for (let from = 0; from < ROWS; from += 250_000) {
    const count = Math.min(250_000, ROWS - from);
    await database.transaction(async (trx) => {
      await sql`SET LOCAL statement_timeout = 0`.execute(trx).catch(() => undefined);
      const at = sql`${sql.lit(NOW_MS - HOURS * HOUR_MS + from * step)} + n * ${sql.lit(step)}`;
      await sql`
        INSERT INTO generation_record (id, account_id, key_hash, created_at_ms, model, is_byok, cost_nano_usd,
          overshoot_nano_usd, ledger_transaction_id, rest, is_rolled_up)
        SELECT 'gen-' || CAST(${at} AS TEXT) || '-' || CAST(n AS TEXT), 'a', 'key-' || CAST(n % 100 AS TEXT), ${at},
          'acme/small', 0, 123456, 0, 'some-transaction-of-a-ledger-000000001', ${sql.lit(rest)}, 1
        FROM ${numbers(database, count)}`.execute(trx);
    });
  }
}

async function makeHours(database: Database): Promise<void> {
  const { db } = database;
  await sql`
    INSERT INTO usage_series (id, account_id, workspace_id, key_hash, api_type, model, model_permaslug, provider_slug,
      provider_name, endpoint_tag, is_byok)
    SELECT 'series-' || CAST(n AS TEXT), 'a', 'w', 'key-' || CAST(n / 5 AS TEXT), 'completions',
      'acme/m' || CAST(n % 5 AS TEXT), 'acme/m' || CAST(n % 5 AS TEXT), 'acme', 'Acme', 'acme', 0
    FROM ${numbers(database, SERIES)}`.execute(db);
  const buckets = [...LATENCY_COLUMNS, ...DURATION_COLUMNS];
  await database.transaction(async (trx) => {
    await sql`SET LOCAL statement_timeout = 0`.execute(trx).catch(() => undefined);
    await sql`
      INSERT INTO usage_hour (account_id, hour_ms, series_id, outcome, requests, prompt_tokens, completion_tokens,
        reasoning_tokens, cached_tokens, cache_write_tokens, cost_nano_usd, byok_nano_usd, cache_discount_nano_usd,
        latency_count, latency_sum_ms, duration_count, duration_sum_ms, ${sql.raw(buckets.join(', '))})
      SELECT 'a', ${sql.lit(NOW_MS - HOURS * HOUR_MS)} + (n / ${sql.lit(SERIES)}) * ${sql.lit(HOUR_MS)},
        'series-' || CAST(n % ${sql.lit(SERIES)} AS TEXT), 'complete', 3600, 4000000, 2000000, 0, 0, 0, 444000000, 0, 0,
        3600, 1000000, 3600, 15000000, ${sql.raw(buckets.map(() => '150').join(', '))}
      FROM ${numbers(database, SERIES * HOURS)}`.execute(trx);
  });
}

/** A year of an account whose 200 keys have 30 models, of which each key asks three a day, in six hours of it. */
async function makeManyKeys(database: Database): Promise<void> {
  const { db } = database;
  const lit = sql.lit;
  await sql`
    INSERT INTO usage_series (id, account_id, workspace_id, key_hash, api_type, model, model_permaslug, provider_slug,
      provider_name, endpoint_tag, is_byok)
    SELECT 'many-' || CAST(n AS TEXT), 'b', 'w', 'key-' || CAST(n / ${lit(MODELS)} AS TEXT), 'completions',
      'acme/m' || CAST(n % ${lit(MODELS)} AS TEXT), 'acme/m' || CAST(n % ${lit(MODELS)} AS TEXT), 'acme', 'Acme', 'acme', 0
    FROM ${numbers(database, KEYS * MODELS)}`.execute(db);
  const buckets = [...LATENCY_COLUMNS, ...DURATION_COLUMNS];
  const aDay = KEYS * MODELS_A_DAY * BUSY_HOURS;
  const key = sql`(n % ${lit(KEYS)})`;
  const day = sql`(n / ${lit(aDay)})`;
  const hour = sql`((n / ${lit(KEYS * MODELS_A_DAY)}) % ${lit(BUSY_HOURS)} + 8)`;
  const model = sql`((${key} + (n / ${lit(KEYS)}) % ${lit(MODELS_A_DAY)} * 7 + ${day}) % ${lit(MODELS)})`;
  await database.transaction(async (trx) => {
    await sql`SET LOCAL statement_timeout = 0`.execute(trx).catch(() => undefined);
    await sql`
      INSERT INTO usage_hour (account_id, hour_ms, series_id, outcome, requests, prompt_tokens, completion_tokens,
        reasoning_tokens, cached_tokens, cache_write_tokens, cost_nano_usd, byok_nano_usd, cache_discount_nano_usd,
        latency_count, latency_sum_ms, duration_count, duration_sum_ms, ${sql.raw(buckets.join(', '))})
      SELECT 'b', ${lit(dayOf(NOW_MS) - 365 * DAY_MS)} + ${day} * ${lit(DAY_MS)} + ${hour} * ${lit(HOUR_MS)},
        'many-' || CAST(${key} * ${lit(MODELS)} + ${model} AS TEXT), 'complete', 36, 40000, 20000, 0, 0, 0, 4440000, 0, 0,
        36, 10000, 36, 150000, ${sql.raw(buckets.map(() => '2').join(', '))}
      FROM ${numbers(database, aDay * 365)}`.execute(trx);
  });
}

function manyKeys(database: Database): Named[] {
  const services: AnalyticsServices = {
    ...{ database, clock, flushed: async () => {}, isRollingUp: async () => false },
    keyNames: async () => [],
    workspaces: async () => [{ id: 'w', name: 'W' }],
  };
  const viewer: Viewer = { accountId: 'b', madeBy: null, withIds: true, timeZone: 'UTC' };
  const time_range = {
    start: new Date(dayOf(NOW_MS) - 365 * DAY_MS).toISOString(),
    end: new Date(NOW_MS).toISOString(),
  };
  const ask = (body: object) => () => answerQuery(services, viewer, parseAnalyticsQuery(body, NOW_MS));
  const of = (dimension: string, more: object) =>
    ask({ metrics: ['total_usage', 'request_count'], dimensions: [dimension], ...more });
  return [
    ['200 keys, 30 models: a year by month and key', of('api_key_id', { granularity: 'month', time_range })],
    ['200 keys, 30 models: a year by month and model', of('model', { granularity: 'month', time_range })],
    [
      '200 keys, 30 models: a year by key, p95',
      ask({ metrics: ['latency_p95'], dimensions: ['api_key_id'], time_range }),
    ],
    ['200 keys, 30 models: 365 days by model', of('model', { granularity: 'day', time_range })],
    ['200 keys, 30 models: 30 days by day and model', of('model', { granularity: 'day' })],
  ];
}

/** Microseconds a record, of batches of a thousand: as the clock sees it, and as CPU of this process, whose thread SQLite is. */
async function flushed(database: Database): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'turnpike-figures-'));
  const turn = await takeOverJournal(database.db, 'bench');
  const onFailure = (cause: unknown) => console.error(cause);
  const journal = Journal.open({ dir, flushedSeq: turn.flushedSeq, onFailure });
  const log = new SpendLog(journal);
  const flusher = new Flusher({ database, log, turn, logger: silent, clock });
  await flusher.recover();
  const records = Array.from({ length: FLUSHED }, (_, n) =>
    journalled(
      log,
      generationOf({
        ...{ account_id: 'a', key_hash: `key-${n % 20}`, model: `acme/m${n % 5}`, created_at_ms: NOW_MS },
        ...{ latency_ms: n % 3000, generation_time_ms: n % 20_000 },
      }),
    ),
  );
  await journal.durable();
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  for (const record of records) flusher.add(record);
  await flusher.flushed();
  const spentMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(usedBefore);
  await flusher.stop();
  await journal.close();
  rmSync(dir, { recursive: true, force: true });
  const wallUs = ((spentMs * 1000) / FLUSHED).toFixed(1);
  return `${wallUs} us a record, ${((user + system) / FLUSHED).toFixed(1)} of CPU`;
}

function questions(database: Database): [string, () => Promise<unknown>][] {
  const services: AnalyticsServices = {
    ...{ database, clock, flushed: async () => {}, isRollingUp: async () => false },
    keyNames: async () => [],
    workspaces: async () => [{ id: 'w', name: 'W' }],
  };
  const viewer: Viewer = { accountId: 'a', madeBy: null, withIds: true, timeZone: 'UTC' };
  const ask = (body: object) => () => answerQuery(services, viewer, parseAnalyticsQuery(body, NOW_MS));
  return [
    [
      '30 days by day and model',
      ask({ metrics: ['total_usage', 'request_count'], dimensions: ['model'], granularity: 'day' }),
    ],
    ['30 days by day, p50 and p95', ask({ metrics: ['latency_p50', 'latency_p95'], granularity: 'day' })],
    ['30 days by key', ask({ metrics: ['total_usage'], dimensions: ['api_key_id'] })],
    [
      'a year by month and key',
      ask({ metrics: ['total_usage'], dimensions: ['api_key_id'], granularity: 'month' }),
    ],
    [
      'a day by hour and model',
      ask({ metrics: ['request_count'], dimensions: ['model'], granularity: 'hour' }),
    ],
    ['an hour by minute', ask({ metrics: ['request_count', 'latency_p50'], granularity: 'minute' })],
    ['GET /activity', () => activityOf(services, viewer, parseActivityQuery(new URLSearchParams(), NOW_MS))],
  ];
}
