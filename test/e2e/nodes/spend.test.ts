/** Three real gateways on one PostgreSQL, and one key whose limit pays for exactly ten requests. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { TestDatabase } from '../../databases.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { chat } from '../faults/bench.ts';

const PAID_FOR = 10;
const AT_ONCE = 60;

let shared: TestDatabase;
let gateways: SpawnedGateway[] = [];

beforeAll(async () => {
  shared = await postgresEngine().open();
  const env = { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' };
  gateways = [await spawnGateway({ env })];
  for (let more = 0; more < 2; more++) gateways.push(await spawnGateway({ env, joins: true }));
});

afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
  await shared.dispose();
});

interface Answer {
  readonly status: number;
  readonly costUsd: number;
  readonly reason: string | undefined;
}

async function ask(gateway: SpawnedGateway, key: string): Promise<Answer> {
  const response = await chat(gateway, { model: 'acme/small', key, body: { max_tokens: 8 } });
  const body = (await response.json()) as {
    usage?: { cost: number };
    error?: { metadata?: { reason?: string } };
  };
  return {
    status: response.status,
    costUsd: body.usage?.cost ?? 0,
    reason: body.error?.metadata?.reason,
  };
}

/** Repeats what is refused only because others are under way, as the answer tells it to. */
async function askUntilClear(gateway: SpawnedGateway, key: string): Promise<Answer & { tries: number }> {
  for (let tries = 1; ; tries++) {
    const answer = await ask(gateway, key);
    if (answer.reason !== 'in_flight_budget_exhausted' || tries === 200) return { ...answer, tries };
    await Bun.sleep(300);
  }
}

test('of 180 requests at once at three nodes exactly ten are served, and stopping leaves no lease', async () => {
  const [first] = gateways;
  if (first === undefined) throw new Error('no gateway runs');
  const { costUsd } = await ask(first, (await makeKey(first)).key);
  expect(costUsd).toBeGreaterThan(0);
  // The tenth holds more than it costs, so a little more than ten times the cost must be there.
  const { key, hash } = await makeKey(first, { limit: (PAID_FOR + 0.9) * costUsd });

  const asking = gateways.flatMap((gateway) =>
    Array.from({ length: AT_ONCE }, () => askUntilClear(gateway, key)),
  );
  const answers = await Promise.all(asking);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(PAID_FOR);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 402]));
  expect(answers.filter(({ reason }) => reason === 'in_flight_budget_exhausted')).toEqual([]);

  for (const gateway of gateways) expect(await gateway.kill('SIGTERM')).toBe(0);
  const { db } = shared.database;
  const spent = await db
    .selectFrom('usage_window')
    .selectAll()
    .where('scope_id', '=', hash)
    .where('window_id', '=', 'all')
    .executeTakeFirstOrThrow();
  expect([spent.requests, Number(spent.cost_nano_usd)]).toEqual([
    PAID_FOR,
    Math.round(PAID_FOR * costUsd * 1e9),
  ]);
  expect(await db.selectFrom('scope_lease').selectAll().execute()).toEqual([]);
});
