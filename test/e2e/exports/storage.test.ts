/** Generations beyond one database: a day an object in S3-compatible storage, whose sums DuckDB finds to be those of the ledger. */
import { describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ManualClock } from '../../../src/clock.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { type ObjectStorage, STORAGE_KEY, startObjectStorage } from '../../object-storage.ts';
import { turnpike } from '../../turnpike.ts';
import { askDoor, DOOR_CASES, type DoorCase } from '../content/rig.ts';
import { addGenerations, readCsv } from './rig.ts';

const CHAT = DOOR_CASES[0] as DoorCase;
const DAY_MS = 24 * 3_600_000;

function environmentOf({ config }: TestGateway, storage?: ObjectStorage): Record<string, string> {
  return {
    TURNPIKE_MASTER_KEY: Buffer.from(config.masterKey).toString('base64'),
    ...(config.databaseUrl === null ? {} : { TURNPIKE_DATABASE_URL: config.databaseUrl }),
    ...(storage === undefined ? {} : { S3_ENDPOINT: storage.url }),
    AWS_ACCESS_KEY_ID: STORAGE_KEY.id,
    AWS_SECRET_ACCESS_KEY: STORAGE_KEY.secret,
    AWS_REGION: 'eu-central-1',
  };
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('what DuckDB sums up of the objects is what the ledger has charged', async () => {
    const clock = new ManualClock(Date.parse('2026-11-10T22:00:00Z'));
    await using gateway = await startGateway({ engine, clock });
    await using storage = startObjectStorage();
    for (let n = 0; n < 12; n++) {
      expect((await askDoor(gateway, CHAT, `request ${n} ${'word '.repeat(n)}`)).status).toBe(200);
      clock.advance(20 * 60_000);
    }
    // Asks for what is flushed.
    await fetch(`${gateway.baseUrl}/credits`, {
      headers: { authorization: `Bearer ${gateway.managementKey}` },
    });
    const place = { dataDir: gateway.dataDir, env: environmentOf(gateway, storage) };
    const out = 's3://lake/turnpike/generations/';
    const ran = await turnpike(place, 'export', '--from', '2026-11-10', '--to', '2026-11-13', '--out', out);
    expect([ran.code, storage.refusals, ran.stderr]).toEqual([
      0,
      [],
      expect.not.stringContaining(STORAGE_KEY.secret),
    ]);
    expect(ran.stdout).toContain('12 generations in all.');
    const days = ['2026-11-10', '2026-11-11', '2026-11-12'];
    expect([...storage.objects.keys()].sort()).toEqual(
      days.map((day) => `lake/turnpike/generations/date=${day}/generations.jsonl.gz`),
    );
    const rows = await query(
      storage,
      `SELECT count(*) AS generations, sum(cost_nano_usd) AS cost, sum(prompt_tokens) AS tokens, count(DISTINCT "date") AS days
       FROM read_json('$LAKE/*/*.jsonl.gz', format = 'newline_delimited', hive_partitioning = true)`,
    );
    const entries = await gateway.database.db
      .selectFrom('ledger_entry')
      .select('amount_nano_usd')
      .where('kind', '=', 'usage')
      .where('book', '=', 'customer_balance')
      .execute();
    const charged = entries.reduce((sum, { amount_nano_usd }) => sum - amount_nano_usd, 0n);
    expect(charged).toBeGreaterThan(0n);
    expect(rows).toEqual([{ generations: 12n, cost: charged, tokens: expect.any(BigInt), days: 2n }]);
  });

  test('a day that is larger than a part is one object, and is replaced when it is exported again', async () => {
    await using gateway = await startGateway({ engine });
    await using storage = startObjectStorage();
    const { id: accountId } = await gateway.database.db
      .selectFrom('account')
      .select('id')
      .executeTakeFirstOrThrow();
    const noise = () => Array.from({ length: 40 }, () => crypto.randomUUID()).join('');
    let sum = 0n;
    for (let n = 0; n < 12; n++) {
      const rest = { user_agent: `${noise()}${noise()}` };
      const made = {
        accountId,
        keyHash: String(n).padStart(8, '0').repeat(8),
        count: 1000,
        rest,
      };
      sum += await addGenerations(gateway.database, made);
    }
    const place = { dataDir: gateway.dataDir, env: environmentOf(gateway, storage) };
    for (const _ of [1, 2]) {
      const ran = await turnpike(
        place,
        'export',
        '--from',
        '2026-11-01',
        '--to',
        '2026-11-02',
        '--out',
        's3://lake',
      );
      expect([ran.code, storage.refusals]).toEqual([0, []]);
    }
    expect([...storage.objects.keys()]).toEqual(['lake/date=2026-11-01/generations.jsonl.gz']);
    expect(
      await query(
        storage,
        `SELECT count(*) AS n, sum(cost_nano_usd) AS cost FROM read_json('$LAKE/*/*.jsonl.gz', format = 'newline_delimited')`,
      ),
    ).toEqual([{ n: 12_000n, cost: sum }]);
  });
});

test('a file holds what the API gives, for its owner’s eyes alone', async () => {
  await using gateway = await startGateway({ clock: new ManualClock(Date.parse('2026-11-10T12:00:00Z')) });
  await askDoor(gateway, CHAT, 'hello');
  const headers = { authorization: `Bearer ${gateway.managementKey}` };
  const period = 'start=2026-11-10&end=2026-11-11';
  const told = await (await fetch(`${gateway.baseUrl}/exports/generations?${period}`, { headers })).text();
  const out = join(gateway.dataDir, 'export.csv');
  const place = { dataDir: gateway.dataDir, env: environmentOf(gateway) };
  const args = ['--from', '2026-11-10', '--to', '2026-11-11', '--format', 'csv', '--out', out];
  const ran = await turnpike(place, 'export', ...args);
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('1 generations are in')]);
  expect(readCsv(readFileSync(out, 'utf8'))).toEqual(readCsv(told));
  expect(statSync(out).mode & 0o777).toBe(0o600);
});

test.each([
  [[], 2],
  [['--from', '2026-11-01'], 2],
  [['--from', '2026-11-01', '--out', 'x', '--format', 'pdf'], 2],
  [['--from', 'x', '--out', 'x'], 2],
  [['--from', '2026-11-02', '--to', '2026-11-01', '--out', 'x'], 2],
  [['--from', '2026-11-01', '--out', 's3://lake', '--format', 'csv'], 2],
  [['--from', '2026-11-01', '--out', 's3://UPPER'], 2],
  [['--from', '2026-11-01T01:00:00Z', '--to', '2026-11-02', '--out', 's3://lake'], 2],
  [
    [
      '--from',
      '2026-11-01',
      '--to',
      new Date(Date.now() + DAY_MS).toISOString().slice(0, 10),
      '--out',
      's3://lake',
    ],
    2,
  ],
])('the command line %j is refused', async (args, code) => {
  await using gateway = await startGateway();
  const ran = await turnpike({ dataDir: gateway.dataDir, env: environmentOf(gateway) }, 'export', ...args);
  expect([ran.code, ran.stdout]).toEqual([code, expect.stringContaining('--')]);
});

/** On the objects as files; `$LAKE` is where those lie that begin with `lake/`. */
async function query({ objects }: ObjectStorage, sql: string): Promise<Record<string, unknown>[]> {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-lake-'));
  try {
    for (const [name, bytes] of objects) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), bytes);
    }
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const [first = ''] = [...objects.keys()];
    const lake = join(directory, first.slice(0, first.indexOf('/date=')));
    const reader = await connection.runAndReadAll(sql.replace('$LAKE', lake));
    const rows = reader.getRowObjects();
    connection.closeSync();
    return rows;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
