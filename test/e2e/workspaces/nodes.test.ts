/** What is taken away at one node is gone at another within two seconds, under every name that it was held by there. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { TestDatabase } from '../../databases.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { chat } from '../faults/bench.ts';

const WITHIN_MS = 2000;

let shared: TestDatabase;
let here: SpawnedGateway;
let there: SpawnedGateway;
beforeAll(async () => {
  shared = await postgresEngine().open();
  const env = { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' };
  here = await spawnGateway({ env });
  there = await spawnGateway({ env, joins: true });
}, 120_000);
afterAll(async () => {
  await there?.stop();
  await here?.stop();
  await shared?.dispose();
});

async function call(method: string, path: string, body?: object) {
  const answer = await fetch(`${here.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${here.managementKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as { key: string; data: { hash: string } } };
}

async function statusThere(key: string): Promise<number> {
  const answer = await chat(there, { model: 'turnpike/echo', key });
  await answer.text();
  return answer.status;
}

/** How long the other node goes on serving the key. */
async function servedForMs(key: string, sinceMs: number): Promise<number> {
  let status = 200;
  while (status === 200 && performance.now() - sinceMs < 10 * WITHIN_MS) status = await statusThere(key);
  return performance.now() - sinceMs;
}

test('a secret that was replaced at one node is refused at the other in time, and the new one works there at once', async () => {
  const { json: made } = await call('POST', '/keys', { name: 'k' });
  expect(await statusThere(made.key)).toBe(200);
  const { json: rotated } = await call('POST', `/keys/${made.data.hash}/rotate`, {});
  const sinceMs = performance.now();
  expect(await statusThere(rotated.key)).toBe(200);
  expect(await servedForMs(made.key, sinceMs)).toBeLessThan(WITHIN_MS);
  // Held there by its new name too, it is taken away under that.
  await call('PATCH', `/keys/${rotated.data.hash}`, { disabled: true });
  expect(await servedForMs(rotated.key, performance.now())).toBeLessThan(WITHIN_MS);
});

test('the keys of a workspace that is deleted at one node are refused at the other in time', async () => {
  const { json: made } = await call('POST', '/keys', { name: 'k' });
  expect(await statusThere(made.key)).toBe(200);
  const gone = await call('DELETE', '/workspaces/default?confirm_default_workspace_deletion=true');
  const sinceMs = performance.now();
  expect(gone.status).toBe(200);
  expect(await servedForMs(made.key, sinceMs)).toBeLessThan(WITHIN_MS);
  expect(await statusThere(made.key)).toBe(403);
});
