/** Figures after every kind of end: thousands of mixed requests, killed in between, and each sum is the same as every other. */
import { describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { activityOf, parseActivityQuery } from '../../../src/analytics/activity.ts';
import { answerQuery } from '../../../src/analytics/analytics.ts';
import { parseAnalyticsQuery } from '../../../src/analytics/query-body.ts';
import { systemClock } from '../../../src/clock.ts';
import { EarlierGenerations } from '../../../src/metering/earlier-generations.ts';
import { isRollingUp } from '../../../src/metering/hours-store.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { engines, type TestDatabase } from '../../databases.ts';
import { silent } from '../../flush-bench.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { chat, getJson, type Json } from '../faults/bench.ts';

const REQUESTS = Number(process.env['FIGURES_REQUESTS'] ?? 2000);
const KILLS = 2;
const DAY_MS = 86_400_000;

/** Whole, streamed, failing, free, and left by its client; whatever the gateway's death leaves of it. */
async function ask(gateway: SpawnedGateway, key: string, n: number): Promise<void> {
  const leaves = n % 23 === 0 ? AbortSignal.timeout(5) : undefined;
  const model = ['acme/small', 'acme/reason', 'acme/twice', 'acme/free:free'][n % 4] ?? 'acme/small';
  const fake =
    n % 17 === 0 ? { status: 503 } : n % 13 === 0 ? { errorAfterChunks: 2, chunks: 4 } : { chunks: 2 };
  try {
    const answer = await chat(gateway, {
      ...{ key, model, fake, stream: n % 2 === 0 },
      ...(leaves === undefined ? {} : { signal: leaves }),
    });
    await answer.text();
  } catch {
    // It left, or the gateway died.
  }
}

/** As if today were over. */
const tomorrow = { nowMs: () => systemClock.nowMs() + DAY_MS };

async function sumsOf({ db }: Database, accountId: string) {
  const services = {
    ...{ db, clock: tomorrow },
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
  test('are the same in activity, analytics, keys and ledger, to the nano-USD, after kills and after an upgrade', async () => {
    const shared: TestDatabase | null = engine.name === 'postgres' ? await engine.open() : null;
    await using gateway = await spawnGateway({
      env: shared === null ? {} : { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' },
    });
    const keys = [
      gateway.apiKey,
      (await makeKey(gateway)).key,
      (await makeKey(gateway, { limit: 0.01 })).key,
    ];
    let asked = 0;
    for (let life = 0; life <= KILLS; life += 1) {
      const goal = Math.ceil((REQUESTS * (life + 1)) / (KILLS + 1));
      let isOver = false;
      const clients = Array.from({ length: 24 }, async () => {
        while (asked < goal || (life < KILLS && !isOver)) {
          const n = asked;
          asked += 1;
          await ask(gateway, keys[n % keys.length] ?? '', n);
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
      expect(await allAreOneSum(database)).toBeGreaterThan(REQUESTS / 2);
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
  }, 300_000);
});

async function hours({ db }: Database) {
  return await db
    .selectFrom('usage_hour')
    .selectAll()
    .orderBy('hour_ms')
    .orderBy('series_id')
    .orderBy('outcome')
    .execute();
}

async function reached(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (;;) {
    if (await condition()) return;
    await Bun.sleep(20);
  }
}
