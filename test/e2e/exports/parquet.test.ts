/** Generations as Parquet: DuckDB reads them back with their types, and finds what the other forms and the ledger have. */
import { describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ManualClock } from '../../../src/clock.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { STORAGE_KEY, startObjectStorage } from '../../object-storage.ts';
import { turnpike } from '../../turnpike.ts';
import { askDoor, DOOR_CASES } from '../content/rig.ts';
import { addGenerations } from './rig.ts';

type Row = Record<string, unknown>;

async function exported({ baseUrl, managementKey }: TestGateway, parameters: string): Promise<Response> {
  return await fetch(`${baseUrl}/exports/generations?${parameters}`, {
    headers: { authorization: `Bearer ${managementKey}`, 'accept-encoding': 'gzip' },
  });
}

async function parquetOf(gateway: TestGateway, period: string): Promise<Uint8Array> {
  return new Uint8Array(await (await exported(gateway, `${period}&format=parquet`)).arrayBuffer());
}

/** `$LAKE` in the query is the directory of the files. */
async function query(files: ReadonlyMap<string, Uint8Array>, sql: string): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-parquet-'));
  try {
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), bytes);
    }
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const rows = (
      await connection.runAndReadAll(sql.replaceAll('$LAKE', directory))
    ).getRowObjectsJson() as Row[];
    connection.closeSync();
    return rows;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const one = (bytes: Uint8Array) => new Map([['x.parquet', bytes]]);

async function spent({ database }: TestGateway): Promise<bigint> {
  const entries = await database.db
    .selectFrom('ledger_entry')
    .select('amount_nano_usd')
    .where('kind', '=', 'usage')
    .where('book', '=', 'customer_balance')
    .execute();
  return entries.reduce((sum, { amount_nano_usd }) => sum - amount_nano_usd, 0n);
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('every value is the one that JSON lines have, and the sum of the costs is what the ledger charged', async () => {
    const clock = new ManualClock(Date.parse('2026-11-10T22:00:00Z'));
    await using gateway = await startGateway({ engine, clock, config: { figures: { tags: ['team'] } } });
    for (const [n, door] of DOOR_CASES.entries()) {
      const body = n === 0 ? { metadata: { team: 'Süche "q" 🚀' } } : {};
      const { status } = await askDoor(gateway, door, `request ${n} ${'word '.repeat(n)}`, { body });
      expect([door.name, status]).toEqual([door.name, 200]);
      clock.advance(20 * 60_000 + 7);
    }
    const answer = await exported(gateway, 'start=2026-11-10&format=parquet');
    expect([
      answer.status,
      answer.headers.get('content-type'),
      answer.headers.get('content-encoding'),
    ]).toEqual([...[200, 'application/vnd.apache.parquet', null]]);
    expect(answer.headers.get('content-disposition')).toContain('.parquet"');
    expect(answer.headers.get('x-total-count')).toBe(String(DOOR_CASES.length));
    const file = one(new Uint8Array(await answer.arrayBuffer()));
    const lines = (await (await exported(gateway, 'start=2026-11-10&format=jsonl')).text())
      .trim()
      .split('\n');
    const rows = await query(
      file,
      `SELECT * REPLACE (strftime(created_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS created_at) FROM '$LAKE/x.parquet' ORDER BY id`,
    );
    const plain = (text: unknown) => (text === null || typeof text === 'boolean' ? text : String(text));
    const told = lines
      .map((line) => JSON.parse(line) as Row)
      .sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
    expect(rows.length).toBe(DOOR_CASES.length);
    for (const [at, row] of rows.entries())
      for (const [name, value] of Object.entries(told[at] ?? {}))
        expect([name, plain(row[name])]).toEqual([
          name,
          // A DECIMAL(18, 9) shows all its places.
          name === 'cost_usd' ? Number(value).toFixed(9) : plain(value),
        ]);
    const [sums] = await query(
      file,
      `SELECT sum(cost_nano_usd)::VARCHAR AS nano, (sum(cost_usd) * 1000000000)::BIGINT::VARCHAR AS usd FROM '$LAKE/x.parquet'`,
    );
    const charged = String(await spent(gateway));
    expect(charged).not.toBe('0');
    expect(sums).toEqual({ nano: charged, usd: charged });
  });

  test('a day is an object that DuckDB finds by its date, also where there was nothing', async () => {
    const clock = new ManualClock(Date.parse('2026-11-10T22:00:00Z'));
    await using gateway = await startGateway({ engine, clock });
    await using storage = startObjectStorage();
    for (let n = 0; n < 6; n += 1) {
      await askDoor(gateway, DOOR_CASES[0] as (typeof DOOR_CASES)[number], `request ${n}`);
      clock.advance(60 * 60_000);
    }
    await fetch(`${gateway.baseUrl}/credits`, {
      headers: { authorization: `Bearer ${gateway.managementKey}` },
    });
    const { config } = gateway;
    const env = {
      TURNPIKE_MASTER_KEY: Buffer.from(config.masterKey).toString('base64'),
      ...(config.databaseUrl === null ? {} : { TURNPIKE_DATABASE_URL: config.databaseUrl }),
      ...{ S3_ENDPOINT: storage.url, AWS_REGION: 'eu-central-1' },
      ...{ AWS_ACCESS_KEY_ID: STORAGE_KEY.id, AWS_SECRET_ACCESS_KEY: STORAGE_KEY.secret },
    };
    const period = ['--from', '2026-11-10', '--to', '2026-11-13', '--format', 'parquet'];
    const place = { dataDir: gateway.dataDir, env };
    const ran = await turnpike(place, 'export', ...period, '--out', 's3://lake/generations');
    expect([ran.code, storage.refusals]).toEqual([0, []]);
    expect([...storage.objects.keys()].sort()).toEqual(
      [10, 11, 12].map((day) => `lake/generations/date=2026-11-${day}/generations.parquet`),
    );
    const [sums] = await query(
      storage.objects,
      `SELECT count(*)::INTEGER AS n, count(DISTINCT date)::INTEGER AS days, sum(cost_nano_usd)::VARCHAR AS nano
       FROM read_parquet('$LAKE/lake/generations/*/*.parquet', hive_partitioning = true)`,
    );
    expect(sums).toEqual({ n: 6, days: 2, nano: String(await spent(gateway)) });
    const out = join(gateway.dataDir, 'x.parquet');
    expect((await turnpike(place, 'export', ...period, '--out', out)).code).toBe(0);
    const bytes = new Uint8Array(await Bun.file(out).arrayBuffer());
    expect(await query(one(bytes), `SELECT count(*)::INTEGER AS n FROM '$LAKE/x.parquet'`)).toEqual([
      { n: 6 },
    ]);
  });
});

test('types are exact: amounts are decimals, counts have 64 bits, times are in UTC', async () => {
  await using gateway = await startGateway();
  const file = one(await parquetOf(gateway, 'start=2026-11-01'));
  const types = await query(file, `DESCRIBE SELECT * FROM '$LAKE/x.parquet'`);
  const typeOf = Object.fromEntries(types.map(({ column_name, column_type }) => [column_name, column_type]));
  expect(typeOf).toMatchObject({
    ...{ id: 'VARCHAR', created_at: 'TIMESTAMP WITH TIME ZONE', streamed: 'BOOLEAN', tags: 'VARCHAR' },
    ...{ prompt_tokens: 'BIGINT', latency_ms: 'BIGINT', cost_nano_usd: 'BIGINT', cost_usd: 'DECIMAL(18,9)' },
  });
  // Of an account without requests: a table all the same.
  expect(await query(file, `SELECT count(*)::INTEGER AS n FROM '$LAKE/x.parquet'`)).toEqual([{ n: 0 }]);
});

test('more than a row group is written as it comes, with the largest numbers and the oddest texts', async () => {
  await using gateway = await startGateway();
  const { database } = gateway;
  const { id: accountId } = await database.db.selectFrom('account').select('id').executeTakeFirstOrThrow();
  const odd = {
    user_agent: 'Ä\u0007 🚀 "q"\n=1',
    prompt_tokens: 9007199254740991,
    cache_discount_nano_usd: -7,
  };
  const made = { accountId, keyHash: 'a'.repeat(64), count: 45_000, rest: odd };
  const sum = await addGenerations(database, made);
  const huge = { id: 'gen-1793491200-huge', cost_nano_usd: 9_007_199_254_740_993n };
  const rest = JSON.stringify({ request_id: 'r', api_type: 'completions', tags: '{"a":"b"}' });
  await database.db
    .insertInto('generation_record')
    .values({
      ...{
        account_id: accountId,
        key_hash: 'b'.repeat(64),
        created_at_ms: Date.parse('2026-11-01T12:00:00.123Z'),
      },
      ...{
        model: 'acme/small',
        is_byok: 0,
        is_rolled_up: 1,
        overshoot_nano_usd: 0n,
        ledger_transaction_id: null,
      },
      ...{ ...huge, rest },
    })
    .execute();
  const file = one(await parquetOf(gateway, 'start=2026-11-01&end=2026-11-02'));
  const [sums] = await query(
    file,
    `SELECT count(*)::INTEGER AS n, sum(cost_nano_usd)::VARCHAR AS nano, max(cost_usd)::VARCHAR AS most,
       min(cache_discount_nano_usd)::INTEGER AS discount, max(prompt_tokens)::VARCHAR AS tokens,
       count(DISTINCT user_agent)::INTEGER AS agents, max(user_agent) AS agent FROM '$LAKE/x.parquet'`,
  );
  expect(sums).toEqual({
    ...{ n: 45_001, nano: String(sum + huge.cost_nano_usd), most: '9007199.254740993', discount: -7 },
    ...{ tokens: '9007199254740991', agents: 1, agent: odd.user_agent },
  });
  const at = `SELECT epoch_ms(created_at)::VARCHAR AS at, tags, latency_ms FROM '$LAKE/x.parquet' WHERE id = '${huge.id}'`;
  expect(await query(file, at)).toEqual([
    { at: String(Date.parse('2026-11-01T12:00:00.123Z')), tags: '{"a":"b"}', latency_ms: null },
  ]);
  const groups = await query(
    file,
    `SELECT DISTINCT row_group_id::INTEGER AS id, row_group_num_rows::INTEGER AS n FROM parquet_metadata('$LAKE/x.parquet') ORDER BY 1`,
  );
  expect(groups.map(({ n }) => n)).toEqual([20_000, 20_000, 5001]);
}, 60_000);

test('whoever stops reading in the middle leaves nothing behind, and the next one gets it all', async () => {
  await using gateway = await startGateway();
  const { database } = gateway;
  const { id: accountId } = await database.db.selectFrom('account').select('id').executeTakeFirstOrThrow();
  await addGenerations(database, { accountId, keyHash: 'a'.repeat(64), count: 41_000 });
  const period = 'start=2026-11-01&end=2026-11-02&format=parquet';
  // More than may run at once.
  for (let n = 0; n < 5; n += 1) {
    const answer = await exported(gateway, period);
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await ended(gateway, period);
  }
  const whole = one(await parquetOf(gateway, 'start=2026-11-01&end=2026-11-02'));
  expect(await query(whole, `SELECT count(*)::INTEGER AS n FROM '$LAKE/x.parquet'`)).toEqual([{ n: 41_000 }]);
}, 60_000);

/** Once nobody's export is running, two may begin. */
async function ended(gateway: TestGateway, period: string): Promise<void> {
  for (;;) {
    const both = await Promise.all([
      exported(gateway, `${period}&api_key_hash=${'0'.repeat(64)}`),
      exported(gateway, `${period}&api_key_hash=${'0'.repeat(64)}`),
    ]);
    await Promise.all(both.map((answer) => answer.arrayBuffer()));
    if (both.every(({ status }) => status === 200)) return;
    await Bun.sleep(20);
  }
}
