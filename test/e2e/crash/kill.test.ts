/** The real process, killed and stopped at every bad moment: what a client was told is on record, once, at that cost. */
import { Database } from 'bun:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { type ConfigText, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { testedProgram } from '../../turnpike.ts';
import { benchConfig, chat, eventsOf, getJson, type Json, until } from '../faults/bench.ts';

const IS_LONG = process.env['TURNPIKE_TEST_LONG'] === '1';
const ROUNDS = IS_LONG ? 50 : 4;

let one: FakeProvider;
let two: FakeProvider;

beforeAll(() => {
  one = startFakeProvider();
  two = startFakeProvider();
});
afterEach(() => {
  one.clearScripts();
  one.clearRequests();
});
afterAll(() => {
  one.stop();
  two.stop();
});

const spawn = (config: ConfigText = {}) => spawnGateway({ config: benchConfig(one, two, config) });

interface Told {
  id: string;
  costUsd: number;
}

/** Streams until the last byte, or until the gateway dies; null in that case. */
async function ask(gateway: SpawnedGateway, fake: Json): Promise<Told | null> {
  try {
    const response = await chat(gateway, { stream: true, fake });
    const text = await response.text();
    if (!text.endsWith('data: [DONE]\n\n')) return null;
    const last = eventsOf(text).at(-1);
    return last.error === undefined ? { id: last.id, costUsd: last.usage.cost } : null;
  } catch {
    return null;
  }
}

/** The ledger as it lies on disk, read once the gateway has taken its journal over. */
function ledgerOf(gateway: SpawnedGateway) {
  const database = new Database(join(gateway.dataDir, 'turnpike.sqlite'), { readonly: true });
  try {
    const rows = database.query('SELECT id, cost_nano_usd AS cost FROM generations').all() as {
      id: string;
      cost: number;
    }[];
    const counters = database
      .query(
        "SELECT scope_kind AS kind, cost_nano_usd AS cost, requests FROM usage_window WHERE window_id = 'all'",
      )
      .all() as { kind: string; cost: number; requests: number }[];
    const integrity = database.query('PRAGMA integrity_check').get() as { integrity_check: string };
    return { rows, counters, integrity: integrity.integrity_check };
  } finally {
    database.close();
  }
}

async function everythingToldIsOnRecord(gateway: SpawnedGateway, told: readonly Told[]): Promise<void> {
  const { data: key } = await getJson(gateway, '/key');
  const { rows, counters, integrity } = ledgerOf(gateway);
  expect(integrity).toBe('ok');
  const costs = new Map(rows.map((row) => [row.id, row.cost]));
  expect(costs.size).toBe(rows.length);
  for (const { id, costUsd } of told) expect([id, Number(costs.get(id)) / 1e9]).toEqual([id, costUsd]);
  const sum = rows.reduce((total, row) => total + row.cost, 0);
  for (const counter of counters.filter(({ kind }) => kind !== 'free')) {
    expect(counter).toMatchObject({ cost: sum, requests: rows.length });
  }
  expect(key.usage).toBe(sum / 1e9);
}

describe('kill -9', () => {
  test('right after the last byte loses nothing', async () => {
    await using gateway = await spawn();
    const told: Told[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const answer = await ask(gateway, { chunks: 3 });
      await gateway.kill('SIGKILL');
      if (answer !== null) told.push(answer);
      await gateway.restart();
    }
    expect(told.length).toBe(ROUNDS);
    await everythingToldIsOnRecord(gateway, told);
  });

  test('in mid-stream and under load leaves each answer that was told, once', async () => {
    await using gateway = await spawn();
    const told: Told[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      let isKilled = false;
      const clients = Array.from({ length: 24 }, async (_, n) => {
        while (!isKilled) {
          const answer = await ask(gateway, { chunks: 1 + (n % 6), chunkDelayMs: n % 4 });
          if (answer !== null) told.push(answer);
        }
      });
      const toldBefore = told.length;
      await until(() => told.length >= toldBefore + 15);
      await Bun.sleep(round * 37);
      isKilled = true;
      await gateway.kill('SIGKILL');
      await Promise.all(clients);
      await gateway.restart();
      await everythingToldIsOnRecord(gateway, told);
    }
    expect(told.length).toBeGreaterThan(50);
  });

  test('with a torn line, a lost sector or zeros at the end of the journal recovers all that is sound', async () => {
    await using gateway = await spawn();
    const told: Told[] = [];
    const spoil: ((records: Buffer) => Uint8Array[])[] = [
      (records) => [records, Buffer.from('deadbeef 99 {"id":"gen-1')],
      (records) => [records, Buffer.alloc(1024 - (records.length % 512)), Buffer.from('end of a line\n')],
      (records) => [records, Buffer.alloc(4096)],
    ];
    for (const spoilt of spoil) {
      const answer = await ask(gateway, { chunks: 2 });
      await gateway.kill('SIGKILL');
      if (answer !== null) told.push(answer);
      const directory = join(gateway.dataDir, 'journal');
      const last = readdirSync(directory).sort().at(-1) ?? '';
      const path = join(directory, last);
      const file = readFileSync(path);
      // Without the room for more, which is zeros.
      writeFileSync(path, Buffer.concat(spoilt(file.subarray(0, file.lastIndexOf(10) + 1))));
      await gateway.restart();
      await everythingToldIsOnRecord(gateway, told);
    }
    expect(told.length).toBe(spoil.length);
  });
});

describe('SIGTERM', () => {
  test('lets running streams finish, refuses new requests, and ends with 0 and nothing left to flush', async () => {
    await using gateway = await spawn({ drain_timeout_ms: 60_000 });
    const { promise: isRefused, resolve } = Promise.withResolvers<void>();
    const held = { holdAfterChunks: 1, holdUntil: isRefused };
    one.script({ times: 'always', behaviour: { chunks: 20, ...held } });
    const running = Array.from({ length: 20 }, () => ask(gateway, {}));
    expect(await until(() => one.stats.activeStreams === 20)).toBe(true);
    const ended = gateway.kill('SIGTERM');
    const readiness = () =>
      fetch(`${gateway.url}/health/ready`, { keepalive: false }).then(
        ({ status }) => status,
        () => null,
      );
    expect(await until(async () => (await readiness()) !== 200)).toBe(true);
    const refused = await chat(gateway, {}).catch(() => null);
    if (refused !== null) {
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect([503, null]).toContain(await readiness());
    resolve();
    const told = await Promise.all(running);
    expect(await ended).toBe(0);
    expect(told.filter((answer) => answer !== null).length).toBe(20);
    expect(ledgerOf(gateway).rows.length).toBe(20);
    expect(gateway.stderr).not.toContain('"level":"error"');
  });

  test.each(['test/single', 'test/stubborn'])(
    'with work of %s that outlasts the drain settles what was done, and ends before that work',
    async (model) => {
      await using gateway = await spawn({ drain_timeout_ms: 300 });
      const endless = { chunks: 10_000, chunkDelayMs: 50 };
      const streamed = chat(gateway, { model, stream: true, fake: endless })
        .then((response) => response.text())
        .catch(() => null);
      const whole = chat(gateway, { model, fake: { hang: 'before-headers' } }).catch(() => null);
      const left = new AbortController();
      const leaving = chat(gateway, { model, stream: true, fake: endless, signal: left.signal })
        .then((response) => response.text())
        .catch(() => null);
      expect(await until(() => one.requests.length === 3)).toBe(true);
      const isUnderWay = () => one.requests.filter(({ chunksSent }) => chunksSent > 2).length === 2;
      expect(await until(isUnderWay)).toBe(true);
      left.abort();
      expect(await gateway.kill('SIGTERM')).toBe(0);
      expect(one.requests.map(({ ended }) => ended)).not.toContain('complete');
      await Promise.all([streamed, whole, leaving]);
      const { rows } = ledgerOf(gateway);
      expect(rows.length).toBe(3);
      // The whole answer had not begun: nothing proves that its provider had the request.
      expect(rows.filter((row) => row.cost > 0).length).toBe(2);
      expect(gateway.stderr).not.toContain('"level":"error"');
    },
  );
});

describe('a start that cannot be', () => {
  async function start(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
    const child = Bun.spawn([process.execPath, '--no-orphans', await testedProgram(), 'serve'], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await child.exited;
    clearTimeout(late);
    return { code: child.exitCode, said: await new Response(child.stderr).text() };
  }

  test('on a data directory in use says by whom, and ends with 1', async () => {
    await using gateway = await spawn();
    const { code, said } = await start({ TURNPIKE_DATA_DIR: gateway.dataDir, TURNPIKE_PORT: '1' });
    expect(code).toBe(1);
    expect(said).toContain(`is in use by another server (process ${gateway.pid})`);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  });

  test('on a schema from the future says so, and ends with 1', async () => {
    await using gateway = await spawn();
    await gateway.kill('SIGTERM');
    const database = new Database(join(gateway.dataDir, 'turnpike.sqlite'));
    const columns = database.query('PRAGMA table_info(schema_migration)').all() as { name: string }[];
    const names = columns.map(({ name }) => name).join(', ');
    const values = columns.map(({ name }) => (name === 'version' ? '9999' : name)).join(', ');
    database.run(`INSERT INTO schema_migration (${names}) SELECT ${values} FROM schema_migration LIMIT 1`);
    database.close();
    const port = new URL(gateway.url).port;
    const { code, said } = await start({ TURNPIKE_DATA_DIR: gateway.dataDir, TURNPIKE_PORT: port });
    expect(code).toBe(1);
    expect(said).toContain('9999');
  });
});
