/** A machine that was cloned while its gateway ran: two processes with one node id lose nothing, and one of them ends. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDatabase } from '../../databases.ts';
import { spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { type Caller, chat, getJson, type Json, until } from '../faults/bench.ts';

let opened: TestDatabase;
const copies = mkdtempSync(join(tmpdir(), 'turnpike-copy-'));

beforeAll(async () => {
  opened = await postgresEngine().open();
});
afterAll(async () => {
  await opened.dispose();
  rmSync(copies, { recursive: true, force: true });
});

async function answered(caller: Caller): Promise<{ id: string; cost: number }> {
  const response = await chat(caller, { model: 'acme/small' });
  expect(response.status).toBe(200);
  const body: Json = await response.json();
  return { id: body.id, cost: body.usage.cost };
}

test('the first says why and ends with 1, and every answer of both is in the database once it has started again', async () => {
  const env = { TURNPIKE_DATABASE_URL: opened.databaseUrl ?? '' };
  await using first = await spawnGateway({ env });
  const told = [await answered(first)];
  const dataDir = join(copies, 'data');
  cpSync(first.dataDir, dataDir, { recursive: true });
  await using copy = await spawnGateway({ env: { ...env, TURNPIKE_DATA_DIR: dataDir }, joins: true });
  const { apiKey } = first;
  for (let n = 0; n < 3; n += 1) told.push(await answered({ baseUrl: copy.baseUrl, apiKey }));
  // Whoever reads a key's usage waits until the journal is in the database.
  await getJson({ baseUrl: copy.baseUrl, apiKey }, '/key');
  told.push(await answered(first));
  const why = 'another process has taken over the journal of node';
  expect(await until(() => (first.stdout + first.stderr).includes(why))).toBe(true);
  expect(await first.kill('SIGTERM')).toBe(1);
  await first.restart();
  for (const { id, cost } of told) {
    expect((await getJson(first, `/generation?id=${id}`)).data?.total_cost).toBe(cost);
  }
  const { data } = await getJson(first, '/key');
  expect(data.usage).toBeCloseTo(
    told.reduce((sum, { cost }) => sum + cost, 0),
    9,
  );
});
