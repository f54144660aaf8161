/** A key that three gateways serve under load is taken away at one of them: how long the others go on, and that none comes back to it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { TestDatabase } from '../../databases.ts';
import { type DeafDoor, openDeafDoor } from '../../deaf-door.ts';
import { type MadeKey, makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { chat, until } from '../faults/bench.ts';

const IS_LONG = process.env['TURNPIKE_TEST_LONG'] === '1';
const CLIENTS_AT_EACH = 4;
const REQUESTS_AFTERWARDS = IS_LONG ? 5000 : 200;
const PAIRS_OF_CHANGES = IS_LONG ? 500 : 60;
/** From the commit to the start of the last request that is still served. */
const NOTIFIED_WITHIN_MS = 2000;
const POLLED_WITHIN_MS = 5000;
const LIVES_MS = 3000;

let shared: TestDatabase;
let door: DeafDoor;
let nodes: { readonly name: string; readonly gateway: SpawnedGateway; readonly withinMs: number }[];

beforeAll(async () => {
  shared = await postgresEngine().open();
  const databaseUrl = shared.databaseUrl ?? '';
  door = await openDeafDoor(databaseUrl);
  const first = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: databaseUrl } });
  const second = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: databaseUrl }, joins: true });
  const third = await spawnGateway({ env: { TURNPIKE_DATABASE_URL: door.databaseUrl }, joins: true });
  nodes = [
    { name: 'where it is changed', gateway: first, withinMs: NOTIFIED_WITHIN_MS },
    { name: 'notified', gateway: second, withinMs: NOTIFIED_WITHIN_MS },
    { name: 'not notified', gateway: third, withinMs: POLLED_WITHIN_MS },
  ];
});
afterAll(async () => {
  for (const { gateway } of nodes) await gateway.stop();
  door.close();
  await shared.dispose();
});

const at = (node: number): SpawnedGateway => {
  const found = nodes[node]?.gateway;
  if (found === undefined) throw new Error(`there is no node ${node}`);
  return found;
};

async function statusAt(gateway: SpawnedGateway, key: string): Promise<number> {
  const response = await chat(gateway, { model: 'turnpike/echo', key });
  await response.text();
  return response.status;
}

async function manage(gateway: SpawnedGateway, method: string, hash: string, body?: object): Promise<void> {
  const response = await fetch(`${gateway.baseUrl}/keys/${hash}`, {
    method,
    headers: { authorization: `Bearer ${at(0).managementKey}`, 'content-type': 'application/json' },
    keepalive: false,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
}

interface Asked {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly status: number;
}

/** Clients at every node that ask one request after the other until they are told to end. */
function keepAsking(key: string) {
  const asked: Asked[][] = nodes.map(() => []);
  let isOver = false;
  const clients = nodes.flatMap(({ gateway }, node) =>
    Array.from({ length: CLIENTS_AT_EACH }, async () => {
      while (!isOver) {
        const startedAtMs = performance.now();
        const status = await statusAt(gateway, key);
        asked[node]?.push({ startedAtMs, endedAtMs: performance.now(), status });
        await Bun.sleep(10);
      }
    }),
  );
  return {
    asked,
    /** How many each node has answered so since it was first asked. */
    countOf: (status: number) => asked.map((of) => of.filter((one) => one.status === status).length),
    async end() {
      isOver = true;
      await Promise.all(clients);
    },
  };
}

const isEverywhere = (counts: readonly number[], least: number) => counts.every((count) => count >= least);

/** Each takes the key away and gives the moment from which on it is to be refused. */
const WAYS: readonly [how: string, status: number, take: (made: MadeKey) => Promise<number>][] = [
  [
    'deleted',
    401,
    async ({ hash }) => {
      await manage(at(0), 'DELETE', hash);
      return performance.now();
    },
  ],
  [
    'disabled',
    403,
    async ({ hash }) => {
      await manage(at(0), 'PATCH', hash, { disabled: true });
      return performance.now();
    },
  ],
];

describe('a key that three gateways serve under load', () => {
  for (const [how, refusal, take] of WAYS) {
    test(`and that is ${how} is served nowhere a moment later, and never again`, async () => {
      const made = await makeKey(at(0));
      const load = keepAsking(made.key);
      expect(await until(() => isEverywhere(load.countOf(200), 20))).toBe(true);
      const takenAtMs = await take(made);
      expect(await until(() => isEverywhere(load.countOf(refusal), REQUESTS_AFTERWARDS), 300_000)).toBe(true);
      await load.end();
      for (const [node, { name, withinMs }] of nodes.entries()) {
        const asked = load.asked[node] ?? [];
        const served = asked.filter(({ status }) => status === 200);
        const refused = asked.filter(({ status }) => status === refusal);
        expect([name, served.length + refused.length]).toEqual([name, asked.length]);
        const lastServedMs = Math.max(...served.map(({ startedAtMs }) => startedAtMs));
        expect(lastServedMs - takenAtMs).toBeLessThan(withinMs);
        // Whoever asks after somebody was refused is refused too.
        expect(lastServedMs).toBeLessThan(Math.min(...refused.map(({ endedAtMs }) => endedAtMs)));
      }
    });
  }

  test('and that expires is served nowhere from that instant on', async () => {
    const expiresAtMs = Date.now() + LIVES_MS;
    const made = await makeKey(at(0), { expires_at: new Date(expiresAtMs).toISOString() });
    const takenAtMs = performance.now() + (expiresAtMs - Date.now());
    const load = keepAsking(made.key);
    expect(await until(() => isEverywhere(load.countOf(401), REQUESTS_AFTERWARDS), 300_000)).toBe(true);
    await load.end();
    for (const asked of load.asked) {
      const served = asked.filter(({ status }) => status === 200);
      expect(served.length).toBeGreaterThan(0);
      // All of them go by the clock of this machine, which counts whole milliseconds.
      for (const { startedAtMs } of served) expect(startedAtMs - takenAtMs).toBeLessThan(5);
    }
  });

  test('and that is switched off and on at two of them at once ends as the database has it, everywhere', async () => {
    const made = await makeKey(at(0));
    const load = keepAsking(made.key);
    for (let pair = 0; pair < PAIRS_OF_CHANGES; pair += 1) {
      // Which of the two comes last is nobody's choice.
      await Promise.all([
        manage(at(0), 'PATCH', made.hash, { disabled: pair % 2 === 0, name: `${pair} here` }),
        manage(at(1), 'PATCH', made.hash, { disabled: pair % 2 === 1, name: `${pair} there` }),
      ]);
    }
    await load.end();
    expect(new Set(load.asked.flat().map(({ status }) => status))).toEqual(new Set([200, 403]));
    const row = await shared.database.db
      .selectFrom('api_key')
      .select(['disabled', 'version'])
      .where('hash', '=', made.hash)
      .executeTakeFirstOrThrow();
    expect(Number(row.version)).toBe(1 + 2 * PAIRS_OF_CHANGES);
    const expected = row.disabled ? 403 : 200;
    for (const { name, gateway, withinMs } of nodes) {
      const isSo = async () => (await statusAt(gateway, made.key)) === expected;
      expect([name, await until(isSo, withinMs)]).toEqual([name, true]);
      for (let n = 0; n < 50; n += 1)
        expect([name, await statusAt(gateway, made.key)]).toEqual([name, expected]);
    }
  });

  test('and that gets another limit is served and refused by it everywhere a moment later', async () => {
    const made = await makeKey(at(0), { limit: 0 });
    const paid = (gateway: SpawnedGateway) =>
      chat(gateway, { model: 'acme/small', key: made.key }).then(async (response) => {
        await response.text();
        return response.status;
      });
    for (const { name, gateway } of nodes) expect([name, await paid(gateway)]).toEqual([name, 402]);
    for (const [limit, expected] of [
      [10, 200],
      [0, 402],
      [null, 200],
    ] as const) {
      await manage(at(0), 'PATCH', made.hash, { limit });
      for (const { name, gateway, withinMs } of nodes) {
        const isSo = async () => (await paid(gateway)) === expected;
        expect([name, limit, await until(isSo, withinMs)]).toEqual([name, limit, true]);
      }
    }
  });

  test('was never told of by a notification at the node that none reaches', () => {
    expect(door.listenersHeld).toBeGreaterThan(0);
  });
});
