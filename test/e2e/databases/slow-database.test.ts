/** A PostgreSQL in which somebody else holds what everybody needs: inference goes on, and whoever manages keys is told soon. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import pg from 'pg';
import { type Engine, engines, type TestDatabase } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { chat, until } from '../faults/bench.ts';

/** Three times as many as there are connections. */
const ASKED_AT_ONCE = 30;
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

const keysRoute = (body?: object) =>
  fetch(`${bench.baseUrl}/keys`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' },
    keepalive: false,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Somebody else's transaction, which has these tables until it is let go. */
async function holding(lock: string): Promise<{ letGo(): Promise<void> } & AsyncDisposable> {
  const holder = new pg.Client({ connectionString: opened.databaseUrl ?? '' });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query(`LOCK TABLE ${lock} MODE`);
  let isHeld = true;
  const letGo = async () => {
    if (isHeld) await holder.end();
    isHeld = false;
  };
  return { letGo, [Symbol.asyncDispose]: letGo };
}

/** Each asks and is answered with 503 and when to come back, while the lock is still held. */
async function allAreToldSoon(ask: () => Promise<Response>, meanwhile: () => Promise<void>): Promise<void> {
  const answered: Response[] = [];
  const asking = Array.from({ length: ASKED_AT_ONCE }, async () => {
    answered.push(await ask());
  });
  await meanwhile();
  expect(await until(() => answered.length === ASKED_AT_ONCE, TOLD_WITHIN_MS)).toBe(true);
  for (const answer of answered) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  await Promise.all(asking);
}

test('while keys and counters are locked, known keys are served, management is 503 soon, and all of it lands afterwards', async () => {
  const limited = await makeKey(bench, { limit: 10 });
  expect(await statusOf(bench.apiKey)).toBe(200);
  expect(await statusOf(limited.key)).toBe(200);
  await using lock = await holding('api_key, usage_window, generation_record IN ACCESS EXCLUSIVE');
  await allAreToldSoon(
    () => keysRoute(),
    // None of these waits for the lock, which is let go only after the last of them.
    async () => {
      for (let n = 0; n < CHATS; n += 1)
        expect(await statusOf(n % 2 === 0 ? bench.apiKey : limited.key)).toBe(200);
    },
  );
  expect((await fetch(`${bench.url}/health/live`)).status).toBe(200);
  expect(await statusOf(bench.apiKey)).toBe(200);
  await lock.letGo();
  expect(await until(async () => (await keysRoute()).status === 200)).toBe(true);
  const count = async () =>
    (await opened.database.db.selectFrom('generations').select('id').execute()).length;
  expect(await until(async () => (await count()) === 2 + CHATS + 1)).toBe(true);
});

test('while keys cannot be written, more makers of keys than there are connections are all told soon, and none is made', async () => {
  const count = async () => (await opened.database.db.selectFrom('api_key').select('hash').execute()).length;
  const before = await count();
  await using lock = await holding('api_key IN SHARE');
  await allAreToldSoon(
    () => keysRoute({ name: 'too late' }),
    async () => expect(await statusOf(bench.apiKey)).toBe(200),
  );
  await lock.letGo();
  expect(await until(async () => (await keysRoute({ name: 'in time' })).status === 201)).toBe(true);
  expect(await count()).toBe(before + 1);
});
