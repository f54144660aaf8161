/** What a killed node had leased stays out of the others' reach until it is back, and is theirs again once it has recovered. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../src/cli/nodes.ts';
import type { Config } from '../../../src/config/config.ts';
import { VERSION } from '../../../src/version.ts';
import type { TestDatabase } from '../../databases.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { chat, type Json, readText, until } from '../faults/bench.ts';

/** Either of the two requests fits into it, and not both. */
const LIMIT_USD = 0.006;
const LARGE = { max_tokens: 8000 };
const SMALLER = { max_tokens: 4000 };

let shared: TestDatabase;
let killed: SpawnedGateway;
let other: SpawnedGateway;

beforeAll(async () => {
  shared = await postgresEngine().open();
  const env = { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' };
  killed = await spawnGateway({ env });
  other = await spawnGateway({ env, joins: true });
});

afterAll(async () => {
  for (const gateway of [killed, other]) await gateway.stop();
  await shared.dispose();
});

async function ask(key: string): Promise<{ status: number; reason: string | undefined }> {
  const response = await chat(other, { model: 'acme/small', key, body: SMALLER });
  const body = (await response.json()) as Json;
  return { status: response.status, reason: body.error?.metadata?.reason };
}

const nameOf = ({ dataDir }: SpawnedGateway) => readFileSync(join(dataDir, 'node-id'), 'utf8').trim();

/** What `turnpike nodes list` prints, a line each. */
async function listed(): Promise<string[]> {
  const lines: string[] = [];
  // Of the whole configuration, only where the database is matters here.
  const config = { databaseUrl: shared.databaseUrl, dataDir: shared.dataDir } as Config;
  await run(['list'], { config, print: (line) => lines.push(line) });
  return lines;
}

test('nodes that run are listed, also while they have leased nothing, and no longer once they are killed', async () => {
  const running = (gateway: SpawnedGateway) =>
    expect.stringMatching(
      new RegExp(`^${nameOf(gateway)}  running since 20\\S+, seen 20\\S+, version ${VERSION}, 0 USD leased$`),
    );
  expect(await listed()).toEqual([running(killed), running(other)]);
  await killed.kill('SIGKILL');
  expect(
    await until(
      async () => (await listed()).length === 2 && !(await listed())[0]?.startsWith(nameOf(killed)),
    ),
  ).toBe(true);
  expect(await listed()).toEqual([running(other), '1 more has run before, and left nothing leased.']);
  await killed.restart();
  // It began last.
  expect(await listed()).toEqual([running(other), running(killed)]);
});

test('the lease of a killed node is kept while it is dead, and free to the others when it has come back', async () => {
  const { key, hash } = await makeKey(killed, { limit: LIMIT_USD });
  const fake = { chunks: 100, hang: 'mid-stream', hangAfterChunks: 2 };
  const response = await chat(killed, { model: 'acme/small', key, stream: true, fake, body: LARGE });
  let kill: Promise<unknown> | undefined;
  await readText(response, () => {
    kill ??= killed.kill('SIGKILL');
  }).catch(() => undefined);
  await kill;

  // What that request has cost is in the dead node's journal alone.
  expect(await ask(key)).toEqual({ status: 402, reason: 'in_flight_budget_exhausted' });
  await killed.restart();
  expect(await until(async () => (await ask(key)).status === 200)).toBe(true);

  // The stream was charged as far as it had come, once.
  const rows = () =>
    shared.database.db.selectFrom('generations').selectAll().where('key_hash', '=', hash).execute();
  expect(await until(async () => (await rows()).length === 2)).toBe(true);
  const cut = (await rows()).find(({ cancelled }) => cancelled === 1);
  expect(cut).toMatchObject({ estimated: 1 });
  expect(cut?.cost_nano_usd).toBeGreaterThan(0n);
  const counter = await shared.database.db
    .selectFrom('usage_window')
    .select('cost_nano_usd')
    .where('scope_kind', '=', 'key')
    .where('scope_id', '=', hash)
    .where('window_id', '=', 'all')
    .executeTakeFirst();
  const charged = (await rows()).reduce((sum, { cost_nano_usd }) => sum + cost_nano_usd, 0n);
  expect(counter?.cost_nano_usd).toBe(charged);
});
