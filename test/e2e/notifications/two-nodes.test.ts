/** Several nodes on one PostgreSQL: a leaked key dies everywhere at once, and what is told arrives though nodes are killed. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { TestDatabase } from '../../databases.ts';
import { type GithubStandIn, startGithub } from '../../github-reports.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { startReceiver, verify } from '../../receiver.ts';
import { chat, until } from '../faults/bench.ts';

const DEAD_WITHIN_MS = 2000;

let shared: TestDatabase;
let github: GithubStandIn;
let receiver: ReturnType<typeof startReceiver>;
let first: SpawnedGateway;
let second: SpawnedGateway;

beforeAll(async () => {
  shared = await postgresEngine().open();
  github = startGithub();
  receiver = startReceiver();
  const env = {
    TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '',
    TURNPIKE_SECRET_SCANNING_KEYS_URL: github.keysUrl,
  };
  const config = { egress: { private_hosts: [receiver.host] } };
  // It dies each time that something has arrived and nobody has written that down.
  first = await spawnGateway({ env: { ...env, TURNPIKE_FAIL_POINT: 'after-delivery' }, config });
  second = await spawnGateway({ env, config, joins: true });
});
afterAll(async () => {
  await first?.stop();
  await second?.stop();
  receiver?.[Symbol.dispose]();
  github?.[Symbol.dispose]();
  await shared?.dispose();
});

const statusAt = async (gateway: SpawnedGateway, key: string): Promise<number> => {
  const answer = await chat(gateway, { model: 'turnpike/echo', key });
  await answer.text();
  return answer.status;
};

test('a key in a report is dead within two seconds on every node', async () => {
  const at = { baseUrl: second.baseUrl, managementKey: first.managementKey };
  const { key } = await makeKey(at);
  for (const node of [first, second]) expect(await statusAt(node, key)).toBe(200);
  const { body, headers } = github.report([{ token: key, type: 'turnpike_api_key', url: null }]);
  const answer = await fetch(`${second.url}/webhooks/github-secret-scanning`, {
    method: 'POST',
    headers,
    body,
  });
  expect(answer.status).toBe(200);
  const reportedAt = performance.now();
  for (const node of [first, second])
    expect(await until(async () => (await statusAt(node, key)) !== 200)).toBe(true);
  expect(performance.now() - reportedAt).toBeLessThan(DEAD_WITHIN_MS);
});

test('what a node was bringing when it was killed is brought by another, under the same id', async () => {
  const ask = async (method: string, path: string, body?: object) =>
    (await (
      await fetch(`${second.baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${first.managementKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    ).json()) as { data: { id: string; secret: string } & { state: string }[] };
  const made = (await ask('POST', '/webhooks', { name: 'Ours', url: receiver.url, kinds: ['credits.low'] }))
    .data;
  const isFirstDead = async () => !(await fetch(`${first.url}/health/live`).catch(() => null));
  const sent = 10;
  const go = Promise.withResolvers<void>();
  receiver.answer = async () => {
    await go.promise;
    return new Response(null, { status: 204 });
  };
  for (let n = 0; n < sent; n += 1) await ask('POST', `/webhooks/${made.id}/test`, {});
  // Each node brings two at a time: what is more than that is with the one that dies of its answer.
  expect(await until(async () => receiver.received.length > 2)).toBe(true);
  go.resolve();
  expect(await until(isFirstDead)).toBe(true);
  // What it had taken is another's after a minute.
  await shared.database.db
    .updateTable('notification_delivery')
    .set({ due_at_ms: 0 })
    .where('state', '=', 'waiting')
    .execute();
  const arrived = () => new Set(receiver.received.map(({ id }) => id)).size;
  expect(
    await until(async () => {
      const { data } = await ask('GET', `/webhooks/${made.id}/deliveries?limit=100`);
      return data.length === sent && data.every(({ state }) => state === 'delivered');
    }, 60_000),
  ).toBe(true);
  expect(arrived()).toBe(sent);
  // The one that was brought twice has one id, and both verify.
  expect(receiver.received.length).toBeGreaterThan(sent);
  for (const got of receiver.received) verify(made.secret, got);
});
