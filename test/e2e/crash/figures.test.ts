/** Figures after every kind of end: thousands of mixed requests, killed in between, and each sum is the same as every other. */
import { describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { activityOf, parseActivityQuery } from '../../../src/analytics/activity.ts';
import { answerQuery } from '../../../src/analytics/analytics.ts';
import { parseAnalyticsQuery } from '../../../src/analytics/query-body.ts';
import { systemClock } from '../../../src/clock.ts';
import { EarlierGenerations } from '../../../src/metering/earlier-generations.ts';
import { isRollingUp } from '../../../src/metering/hours-store.ts';
import { MOST } from '../../../src/metering/labels.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { engines, type TestDatabase } from '../../databases.ts';
import { silent } from '../../flush-bench.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { getJson, type Json } from '../faults/bench.ts';

const REQUESTS = Number(process.env['FIGURES_REQUESTS'] ?? 2000);
const KILLS = Number(process.env['FIGURES_KILLS'] ?? 2);
const TIMEOUT_MS = 300_000 + 20 * REQUESTS;
const DAY_MS = 86_400_000;

const MODELS = ['acme/small', 'acme/reason', 'acme/twice', 'acme/free:free', 'acme/vectors'];
const TEAMS = 4;

/** What request `n` is: by each API in turn, whole and streamed, failing, refused, free, tagged or not. */
function requestOf(n: number): { path: string; body: Json; headers: Record<string, string> } {
  const stream = n % 2 === 0;
  const model = MODELS[Math.floor(n / 8) % 4] ?? '';
  const fake =
    n % 17 === 0 ? { status: 503 } : n % 13 === 0 ? { errorAfterChunks: 2, chunks: 4 } : { chunks: 2 };
  const content = `!fake ${JSON.stringify(fake)}\nhello`;
  const messages = [{ role: 'user', content }];
  const metadata = n % 3 === 0 ? undefined : { team: `team-${n % TEAMS}`, run: `run-${n}` };
  const app = { 'http-referer': `https://app-${n % 5}.example`, 'x-title': `App ${n % 5}` };
  const headers: Record<string, string> = n % 7 === 0 ? app : {};
  // Refused before any provider is asked.
  if (n % 29 === 0)
    return { path: '/api/v1/chat/completions', body: { model: 'acme/none', messages }, headers };
  switch (n % 8) {
    case 0:
    case 1:
      return { path: '/api/v1/chat/completions', body: { model, messages, stream, metadata }, headers };
    case 2:
      return { path: '/api/v1/messages', body: { model, messages, stream, max_tokens: 50 }, headers };
    case 3:
      return { path: '/api/v1/responses', body: { model, input: content, stream, metadata }, headers };
    case 4:
      return {
        path: `/api/v1beta/models/${model}:streamGenerateContent?alt=sse`,
        body: { contents: [{ role: 'user', parts: [{ text: content }] }], labels: metadata },
        headers,
      };
    case 5:
      return {
        path: `/api/v1beta/models/${model}:generateContent`,
        body: { contents: [{ role: 'user', parts: [{ text: content }] }], labels: metadata },
        headers,
      };
    case 6:
      return {
        path: '/api/v1/embeddings',
        body: { model: 'acme/vectors', input: content, metadata },
        headers,
      };
    default:
      return { path: '/api/v1/completions', body: { model, prompt: content, stream }, headers };
  }
}

/** Some are left by their client; whatever the gateway's death leaves of it. */
async function ask(gateway: SpawnedGateway, key: string, n: number): Promise<number | null> {
  const { path, body, headers } = requestOf(n);
  try {
    const answer = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: n % 23 === 0 ? AbortSignal.timeout(5) : null,
    });
    await answer.text();
    return answer.status;
  } catch {
    // It left, or the gateway died.
    return null;
  }
}

/** As if today were over. */
const tomorrow = { nowMs: () => systemClock.nowMs() + DAY_MS };

async function sumsOf(database: Database, accountId: string) {
  const { db } = database;
  const services = {
    ...{ database, clock: tomorrow },
    flushed: async () => {},
    isRollingUp: () => isRollingUp(db),
    keyNames: async () => [],
    workspaces: async () => [{ id: 'default', name: 'Default' }],
  };
  const viewer = { accountId, madeBy: null, withIds: false, timeZone: 'UTC' };
  const activity = await activityOf(
    services,
    viewer,
    parseActivityQuery(new URLSearchParams(), tomorrow.nowMs()),
  );
  const asked = { metrics: ['total_usage', 'request_count'], granularity: 'day' };
  const analytics = await answerQuery(services, viewer, parseAnalyticsQuery(asked, tomorrow.nowMs()));
  const by = async (dimension: string) =>
    await answerQuery(
      services,
      viewer,
      parseAnalyticsQuery({ ...asked, dimensions: [dimension] }, tomorrow.nowMs()),
    );
  const [doors, teams, runs] = [await by('door'), await by('tag.team'), await by('tag.run')];
  expect(new Set(doors.data.map(({ door }) => door)).size).toBe(6);
  expect(teams.data.length).toBe(TEAMS + 1);
  // Each request has one of its own, and no row of its own: each of three keys has so many in each life of the process.
  expect(runs.data.length).toBeLessThanOrEqual(3 * (KILLS + 1) * MOST.values + 2);
  const one = async (query: ReturnType<typeof sql<{ cost_nano_usd: bigint; requests: number }>>) => {
    const { rows } = await query.execute(db);
    return { costNanoUsd: rows[0]?.cost_nano_usd ?? 0n, requests: rows[0]?.requests ?? 0 };
  };
  const total = (rows: readonly Json[], cost: string, requests: string) => ({
    costNanoUsd: rows.reduce((sum, row) => sum + BigInt(Math.round(row[cost] * 1e9)), 0n),
    requests: rows.reduce((sum, row) => sum + row[requests], 0),
  });
  return {
    activity: total(activity, 'usage', 'requests'),
    analytics: total(analytics.data, 'total_usage', 'request_count'),
    doors: total(doors.data, 'total_usage', 'request_count'),
    teams: total(teams.data, 'total_usage', 'request_count'),
    runs: total(runs.data, 'total_usage', 'request_count'),
    keys: await one(sql`
      SELECT CAST(SUM(cost_nano_usd) AS BIGINT) AS cost_nano_usd, CAST(SUM(requests) AS BIGINT) AS requests
      FROM usage_window WHERE scope_kind = 'key' AND window_id = 'all'`),
    generations: await one(sql`
      SELECT CAST(SUM(cost_nano_usd) AS BIGINT) AS cost_nano_usd, COUNT(*) AS requests FROM generations`),
    ledger: await one(sql`
      SELECT CAST(-SUM(amount_nano_usd) AS BIGINT) AS cost_nano_usd, 0 AS requests
      FROM ledger_entry WHERE book = 'customer_balance' AND kind = 'usage'`),
  };
}

async function allAreOneSum(database: Database): Promise<number> {
  const { account_id } = await database.db
    .selectFrom('instance')
    .select('account_id')
    .executeTakeFirstOrThrow();
  const { generations, ledger, ...others } = await sumsOf(database, account_id);
  for (const [name, sums] of Object.entries(others)) expect([name, sums]).toEqual([name, generations]);
  expect(ledger.costNanoUsd).toBe(generations.costNanoUsd);
  expect(generations.costNanoUsd).toBeGreaterThan(0n);
  expect((await verifyLedger(database.db)).fault).toBeNull();
  return generations.requests;
}

describe.each(engines)('figures on $name', (engine) => {
  test(
    'are the same in activity, analytics, keys and ledger, to the nano-USD, after kills and after an upgrade',
    async () => {
      const shared: TestDatabase | null = engine.name === 'postgres' ? await engine.open() : null;
      await using gateway = await spawnGateway({
        env: shared === null ? {} : { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' },
        config: {
          figures: { tags: ['team', 'run'] },
          models: [
            {
              ...{ id: 'acme/vectors', context_length: 8192, output_modalities: ['embeddings'] },
              endpoints: [
                {
                  provider: 'acme',
                  model: 'vectors-2026',
                  pricing: { prompt: '0.00000002', completion: '0' },
                },
              ],
            },
          ],
        },
      });
      const keys = [
        gateway.apiKey,
        (await makeKey(gateway)).key,
        (await makeKey(gateway, { limit: 0.002 })).key,
      ];
      let asked = 0;
      const statuses = new Map<number | null, number>();
      for (let life = 0; life <= KILLS; life += 1) {
        const goal = Math.ceil((REQUESTS * (life + 1)) / (KILLS + 1));
        let isOver = false;
        const clients = Array.from({ length: 24 }, async () => {
          while (asked < goal || (life < KILLS && !isOver)) {
            const n = asked;
            asked += 1;
            const status = await ask(gateway, keys[n % 10 === 9 ? 2 : n % 2] ?? '', n);
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          }
        });
        if (life < KILLS) {
          await reached(() => asked >= goal);
          isOver = true;
          await gateway.kill('SIGKILL');
          await Promise.all(clients);
          await gateway.restart();
        } else await Promise.all(clients);
      }
      expect(asked).toBeGreaterThanOrEqual(REQUESTS);
      await getJson(gateway, '/key');
      await gateway.kill('SIGTERM');
      const database = await openDatabase({
        databaseUrl: shared?.databaseUrl ?? null,
        dataDir: gateway.dataDir,
      });
      try {
        const recorded = await allAreOneSum(database);
        if (REQUESTS > 2000) await report(engine.name, asked, statuses, database);
        // Answered, refused for its model, refused for money, failed at its provider, and left.
        for (const status of [200, 400, 402, 503, null]) expect([...statuses.keys()]).toContain(status);
        // Free models are asked fifty times a day and no more, and the third key is soon empty.
        expect(recorded).toBeGreaterThan(REQUESTS / 4);
        // What an earlier version would have left: every request, and no sum of them by the hour.
        const before = await hours(database);
        await sql`DELETE FROM usage_hour`.execute(database.db);
        await sql`DELETE FROM usage_series`.execute(database.db);
        await sql`UPDATE generation_record SET is_rolled_up = 0`.execute(database.db);
        const earlier = new EarlierGenerations({ database, logger: silent });
        earlier.start();
        await reached(async () => !(await isRollingUp(database.db)));
        await earlier.stop();
        expect(await hours(database)).toEqual(before);
        await allAreOneSum(database);
      } finally {
        await database.close();
        await shared?.dispose();
      }
    },
    TIMEOUT_MS,
  );
});

/** By all but tags, of which the process that adds them up keeps the first ones that it meets. */
async function hours({ db }: Database) {
  const { rows } = await sql`
    SELECT h.hour_ms, h.outcome, s.key_hash, s.door, s.api_type, s.model, s.endpoint_tag, s.app_title,
      CAST(SUM(h.requests) AS BIGINT) AS requests, CAST(SUM(h.cost_nano_usd) AS BIGINT) AS cost,
      CAST(SUM(h.prompt_tokens) AS BIGINT) AS prompt, CAST(SUM(h.completion_tokens) AS BIGINT) AS completion,
      CAST(SUM(h.latency_sum_ms) AS BIGINT) AS latency, CAST(SUM(h.latency_b03) AS BIGINT) AS b03
    FROM usage_hour AS h JOIN usage_series AS s ON s.id = h.series_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8`.execute(db);
  return rows;
}

async function reached(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (;;) {
    if (await condition()) return;
    await Bun.sleep(20);
  }
}

/** Of long runs, what they were made of. */
async function report(
  engine: string,
  asked: number,
  statuses: ReadonlyMap<number | null, number>,
  { db }: Database,
): Promise<void> {
  const { rows } = await sql<Json>`
    SELECT door, COUNT(*) AS requests, SUM(streamed) AS streamed, SUM(cancelled) AS cancelled,
      SUM(CASE WHEN finish_reason = 'error' THEN 1 ELSE 0 END) AS failed, CAST(SUM(cost_nano_usd) AS BIGINT) AS cost_nano_usd
    FROM generations GROUP BY door ORDER BY door`.execute(db);
  const count = async (table: 'usage_hour' | 'usage_series' | 'usage_tag') =>
    `${(await sql<{ n: number }>`SELECT COUNT(*) AS n FROM ${sql.table(table)}`.execute(db)).rows[0]?.n} rows of ${table}`;
  console.log(engine, { asked, statuses: Object.fromEntries(statuses) });
  console.table(rows);
  console.log(await count('usage_hour'), await count('usage_series'), await count('usage_tag'));
}
