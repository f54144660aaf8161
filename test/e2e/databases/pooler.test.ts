/**
 * Gateways on a PostgreSQL behind a connection pooler with PgBouncer's default settings, which refuses startup parameters and in
 * transaction mode lends the server's connections anew for every transaction. PGBOUNCER names the real program, to try that too.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import pg from 'pg';
import {
  pooledEngine,
  startPgBouncerBeforePostgres,
  startPoolerBeforePostgres,
  type TestDatabase,
} from '../../databases.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import type { PoolMode } from '../../pooler.ts';
import { chat, until } from '../faults/bench.ts';

const program = process.env['PGBOUNCER'];

const poolers = (['transaction', 'session'] as const satisfies readonly PoolMode[]).flatMap((mode) => [
  { name: `a pooler in ${mode} mode`, start: () => startPoolerBeforePostgres(mode) },
  ...(program === undefined
    ? []
    : [{ name: `PgBouncer in ${mode} mode`, start: () => startPgBouncerBeforePostgres(program, mode) }]),
]);

describe.each(poolers)('behind $name', ({ start }) => {
  let pooler: Awaited<ReturnType<typeof start>>;
  let shared: TestDatabase;
  let first: SpawnedGateway;
  let second: SpawnedGateway;

  beforeAll(async () => {
    pooler = await start();
    shared = await pooledEngine(pooler).open({ migrated: false });
    const env = { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' };
    // Two at once: the lock of the migrations must hold.
    [first, second] = await Promise.all([
      spawnGateway({ env, joins: true }),
      spawnGateway({ env, joins: true }),
    ]);
  });
  afterAll(async () => {
    await first.stop();
    await second.stop();
    await shared.dispose();
    await pooler.stop();
  });

  const statusOf = async (gateway: SpawnedGateway, key: string, stream = false) => {
    const response = await chat(gateway, { model: 'acme/small', key, stream, body: { max_tokens: 8 } });
    await response.text();
    return response.status;
  };
  /** The database was set up by whichever of the two was first, with its management key. */
  const owner = () => (first.stdout.includes('first API key') ? first : second);
  const other = () => (owner() === first ? second : first);

  test('keys are made, served, switched off for every node, and paid for', async () => {
    const key = await makeKey(owner());
    expect(await until(async () => (await statusOf(other(), key.key)) === 200)).toBe(true);
    expect(await statusOf(owner(), key.key, true)).toBe(200);
    const disabled = await fetch(`${owner().baseUrl}/keys/${key.hash}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${owner().managementKey}`, 'content-type': 'application/json' },
      body: '{"disabled":true}',
    });
    expect(disabled.status).toBe(200);
    expect(await until(async () => (await statusOf(other(), key.key)) === 403)).toBe(true);
    expect(
      await until(async () => {
        const row = await shared.database.db
          .selectFrom('usage_window')
          .select('requests')
          .where('scope_id', '=', key.hash)
          .where('window_id', '=', 'all')
          .executeTakeFirst();
        return (row?.requests ?? 0) >= 2;
      }),
    ).toBe(true);
  });

  test('a limit holds over both nodes', async () => {
    const { key, hash } = await makeKey(owner(), { limit: 0.0011 });
    const statuses = await Promise.all(
      Array.from({ length: 40 }, (_, n) => statusOf(n % 2 === 0 ? first : second, key)),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 402]));
    const read = () =>
      shared.database.db
        .selectFrom('usage_window')
        .selectAll()
        .where('scope_id', '=', hash)
        .where('window_id', '=', 'all')
        .executeTakeFirst();
    const served = statuses.filter((status) => status === 200).length;
    expect(await until(async () => (await read())?.requests === served)).toBe(true);
    expect((await read())?.cost_nano_usd).toBeLessThanOrEqual(1_100_000n);
  });

  test('what one node has leased and does not use, another gets before it would have been given back as idle', async () => {
    const { key } = await makeKey(owner(), { limit: 0.01 });
    expect(await statusOf(first, key)).toBe(200);
    const askedAt = performance.now();
    const nearlyAll = { max_tokens: 15_500 };
    const served = await until(async () => {
      const response = await chat(second, { model: 'acme/small', key, body: nearlyAll });
      await response.text();
      return response.status === 200;
    });
    expect(served).toBe(true);
    expect(performance.now() - askedAt).toBeLessThan(8000);
  });

  test('every statement has its time-out and waits for the disk, and no setting stays behind for other clients', async () => {
    const { databaseUrl, database } = shared;
    const name = new URL(databaseUrl ?? '').pathname.slice(1);
    await sql.raw(`ALTER DATABASE ${name} SET synchronous_commit = off`).execute(database.db);
    const settings = sql<Record<string, string>>`
      SELECT current_setting('statement_timeout') AS statement_timeout,
        current_setting('lock_timeout') AS lock_timeout,
        current_setting('idle_in_transaction_session_timeout') AS idle_timeout,
        current_setting('synchronous_commit') AS synchronous_commit`;
    // As many at once as make new server connections, which begin with the database's own settings.
    const all = await Promise.all(Array.from({ length: 8 }, () => settings.execute(database.db)));
    const inTransaction = await database.transaction((trx) => settings.execute(trx));
    for (const { rows } of [...all, inTransaction])
      expect(rows[0]).toEqual({
        ...{ statement_timeout: '30s', lock_timeout: '3s', idle_timeout: '30s' },
        synchronous_commit: 'on',
      });

    for (let n = 0; n < 4; n += 1) {
      const stranger = new pg.Client({ connectionString: databaseUrl ?? '' });
      await stranger.connect();
      const { rows } = await stranger.query("SELECT current_setting('statement_timeout') AS value");
      expect(rows).toEqual([{ value: '0' }]);
      await stranger.end();
    }
  });

  test('no connection of the server’s listens for us, which would be another client’s next', async () => {
    const channels = await Promise.all(
      Array.from({ length: 8 }, () =>
        shared.database.transaction(async (trx) => {
          await sql`SELECT pg_sleep(0.02)`.execute(trx);
          return (await sql`SELECT pg_listening_channels()`.execute(trx)).rows;
        }),
      ),
    );
    expect(channels.flat()).toEqual([]);
  });

  test('both stop in order, and neither had anything to complain of', async () => {
    for (const gateway of [first, second]) {
      expect(await gateway.kill('SIGTERM')).toBe(0);
      // A second node says that it joins, which is right here.
      const complaints = gateway.stderr
        .split('\n')
        .filter((line) => /"level":"(?:warn|error)"/.test(line) && !line.includes('"node_joins"'));
      expect(complaints).toEqual([]);
      await gateway.restart();
    }
  });
});
