/** A PostgreSQL in which somebody else holds what everybody needs: inference goes on, and whoever manages keys is told soon. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import pg from 'pg';
import { type Engine, engines, type TestDatabase } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { chat, until } from '../faults/bench.ts';

/** Three times as many as there are connections. */
const READERS = 30;
const CHATS = 30;
/** A statement may take thirty seconds, and the wait for a lock three. */
const TOLD_WITHIN_MS = 15_000;

let opened: TestDatabase;
let bench: TestGateway;

beforeAll(async () => {
  const postgres = engines.find(({ name }) => name === 'postgres');
  if (postgres === undefined) throw new Error('there is no PostgreSQL');
  const engine: Engine = {
    name: 'postgres',
    async open(options) {
      opened = await postgres.open(options);
      return opened;
    },
  };
  bench = await startGateway({ engine });
});
afterAll(() => bench.stop());

async function statusOf(key: string): Promise<number> {
  const answer = await chat(bench, { model: 'acme/small', key });
  await answer.text();
  return answer.status;
}

const listKeys = () =>
  fetch(`${bench.baseUrl}/keys`, {
    headers: { authorization: `Bearer ${bench.managementKey}` },
    keepalive: false,
  });

test('while keys and counters are locked, known keys are served, management is 503 soon, and all of it lands afterwards', async () => {
  const limited = await makeKey(bench, { limit: 10 });
  expect(await statusOf(bench.apiKey)).toBe(200);
  expect(await statusOf(limited.key)).toBe(200);
  await using stack = new AsyncDisposableStack();
  const holder = new pg.Client({ connectionString: opened.databaseUrl ?? '' });
  await holder.connect();
  stack.defer(() => holder.end());
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE api_key, usage_window, generation_record IN ACCESS EXCLUSIVE MODE');

  const answered: Response[] = [];
  const reading = Array.from({ length: READERS }, async () => {
    answered.push(await listKeys());
  });
  // None of these waits: the lock is let go only after the last of them.
  for (let n = 0; n < CHATS; n += 1)
    expect(await statusOf(n % 2 === 0 ? bench.apiKey : limited.key)).toBe(200);
  expect(await until(() => answered.length === READERS, TOLD_WITHIN_MS)).toBe(true);
  for (const answer of answered) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await fetch(`${bench.url}/health/live`)).status).toBe(200);
  expect(await statusOf(bench.apiKey)).toBe(200);

  await holder.query('ROLLBACK');
  await Promise.all(reading);
  expect(await until(async () => (await listKeys()).status === 200)).toBe(true);
  const count = async () =>
    (await opened.database.db.selectFrom('generations').select('id').execute()).length;
  expect(await until(async () => (await count()) === 2 + CHATS + 1)).toBe(true);
});
