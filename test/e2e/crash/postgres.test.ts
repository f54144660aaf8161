/** A PostgreSQL that comes late, and two gateways on one: probes tell the truth, and a change made by one holds at the other. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { engines, type TestDatabase } from '../../databases.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { testedProgram } from '../../turnpike.ts';
import { type Ask, chat, until } from '../faults/bench.ts';

let opened: TestDatabase;

beforeAll(async () => {
  const postgres = engines.find(({ name }) => name === 'postgres');
  if (postgres === undefined) throw new Error('there is no PostgreSQL');
  opened = await postgres.open({ migrated: false });
});
afterAll(() => opened.dispose());

/** A port that leads to the database once `open` is called. */
async function lateDoor(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const port = await listen(0);
  await new Promise((resolve) => server.close(resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { url: url.href, open: () => listen(port), close: () => server.close() };
}

/** The server of the tests asks for none, but whoever logs an address does not know that. */
const PASSWORD = 'hunter2-of-the-database';

const statusOf = async (url: string) => (await fetch(url).catch(() => null))?.status ?? null;

test('while PostgreSQL is down the gateway lives and is not ready; it is ready once it is up', async () => {
  const withPassword = new URL(opened.databaseUrl ?? '');
  withPassword.password = PASSWORD;
  const door = await lateDoor(withPassword.href);
  const free = createServer().listen(0, '127.0.0.1');
  await until(() => free.listening);
  const address = free.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => free.close(resolve));
  const child = Bun.spawn([process.execPath, '--no-orphans', await testedProgram(), 'serve'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      TURNPIKE_DATA_DIR: join(opened.dataDir, 'late'),
      TURNPIKE_DATABASE_URL: door.url,
      TURNPIKE_PORT: String(port),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const reading = (async () => {
    for await (const bytes of child.stderr) said += Buffer.from(bytes).toString();
  })();
  const url = `http://127.0.0.1:${port}`;
  expect(await until(async () => (await statusOf(`${url}/health/live`)) === 200)).toBe(true);
  expect(await statusOf(`${url}/health/ready`)).toBe(503);
  expect(await statusOf(`${url}/api/v1/models`)).toBe(503);
  // It tries again and again, and says where.
  const tries = () => said.split('\n').filter((line) => line.includes('database_unreachable'));
  expect(await until(() => tries().length >= 3)).toBe(true);
  for (const line of tries().slice(0, 3)) expect(line).toContain(new URL(door.url).host);
  expect(await statusOf(`${url}/api/v1/key`)).toBe(503);
  await door.open();
  expect(await until(async () => (await statusOf(`${url}/health/ready`)) === 200)).toBe(true);
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
  await reading;
  expect(said).not.toContain(PASSWORD);
  door.close();
});

describe('two gateways on one PostgreSQL', () => {
  let shared: TestDatabase;
  let first: SpawnedGateway;
  let second: SpawnedGateway;

  beforeAll(async () => {
    const postgres = engines.find(({ name }) => name === 'postgres');
    if (postgres === undefined) throw new Error('there is no PostgreSQL');
    shared = await postgres.open({ migrated: false });
    const env = { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' };
    first = await spawnGateway({ env });
    second = await spawnGateway({ env, joins: true });
  });
  afterAll(async () => {
    await first.stop();
    await second.stop();
    await shared.dispose();
  });

  const echo = (gateway: SpawnedGateway, key: string, ask: Ask = {}) =>
    chat(gateway, { model: 'turnpike/echo', key, ...ask }).then(async (response) => {
      await response.text();
      return response.status;
    });

  async function manage(gateway: SpawnedGateway, method: string, hash: string, body?: object) {
    const response = await fetch(`${gateway.baseUrl}/keys/${hash}`, {
      method,
      headers: { authorization: `Bearer ${first.managementKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
  }

  test('a key made through one is served, and one switched off or deleted is refused, by the other', async () => {
    const key = await makeKey(first);
    const soon = (status: number) => until(async () => (await echo(second, key.key)) === status);
    expect(await soon(200)).toBe(true);
    await manage(first, 'PATCH', key.hash, { disabled: true });
    expect(await soon(403)).toBe(true);
    await manage(first, 'PATCH', key.hash, { disabled: false });
    expect(await soon(200)).toBe(true);
    await manage(first, 'DELETE', key.hash);
    expect(await soon(401)).toBe(true);
  });

  test('a key that was refused before it existed is served soon after it does', async () => {
    const statuses = new Set<number>();
    for (let n = 0; n < 20; n += 1) {
      const key = await makeKey(first);
      statuses.add(await echo(second, key.key));
    }
    expect([...statuses]).toEqual([200]);
  });
});
