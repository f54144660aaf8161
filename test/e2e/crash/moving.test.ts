/** A gateway that comes upon the database of an earlier version, and is killed again and again while it moves the old rows. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { engines, type TestDatabase } from '../../databases.ts';
import { earlierColumns } from '../../generations.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { chat, type Json } from '../faults/bench.ts';

/** Of 200 rows a step, of which each life gets through two and dies in the third. */
const ROWS = 900;
const DIES_IN_STEP = 3;

interface Told {
  readonly id: string;
  readonly cost: number;
}

async function ask(gateway: SpawnedGateway): Promise<Told | null> {
  try {
    const response = await chat(gateway, { model: 'acme/small' });
    const { id, usage } = (await response.json()) as Json;
    return { id, cost: usage.cost };
  } catch {
    return null;
  }
}

/** What `GET /generation` says it cost; null: the gateway died meanwhile. */
async function costOf(gateway: SpawnedGateway, id: string): Promise<number | string | null> {
  try {
    const response = await fetch(`${gateway.baseUrl}/generation?id=${id}`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
      keepalive: false,
    });
    return response.status === 200 ? ((await response.json()) as Json).data.total_cost : `${response.status}`;
  } catch {
    return null;
  }
}

/** The database as it is right after the migration, before a row has moved: with the same rows, counters and ledger. */
async function makeEarlier({ transaction }: Database): Promise<void> {
  await transaction(async (trx) => {
    const { rows } = await sql<{ count: number }>`SELECT COUNT(*) AS count FROM generations`.execute(trx);
    expect(rows[0]?.count).toBe(ROWS);
    const one = await trx.selectFrom('generations').selectAll().limit(1).executeTakeFirstOrThrow();
    const columns = sql.raw(Object.keys(earlierColumns(one)).join(', '));
    await sql`INSERT INTO generation (${columns}) SELECT ${columns} FROM generations`.execute(trx);
    await sql`DELETE FROM generation_record`.execute(trx);
    // Rows of that time name no workspace: what one had spent until then stands in an opening.
    await sql`INSERT INTO scope_opening (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests)
      SELECT scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests FROM usage_window
      WHERE scope_kind = 'workspace'`.execute(trx);
  });
}

for (const engine of engines) {
  describe(`old rows on ${engine.name}`, () => {
    let shared: TestDatabase | null = null;
    let gateway: SpawnedGateway;

    beforeAll(async () => {
      if (engine.name === 'postgres') shared = await engine.open();
      gateway = await spawnGateway({
        env: {
          TURNPIKE_FAIL_POINT: `during-move:${DIES_IN_STEP}`,
          ...(shared === null ? {} : { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' }),
        },
      });
    });
    afterAll(async () => {
      await gateway.stop();
      await shared?.dispose();
    });

    test('are read and added to at every moment, however often it is killed, and the ledger is right in the end', async () => {
      const told: Told[] = [];
      const clients = Array.from({ length: 20 }, async () => {
        while (told.length < ROWS - 20) told.push((await ask(gateway)) ?? { id: 'none', cost: 0 });
      });
      await Promise.all(clients);
      while (told.length < ROWS) told.push((await ask(gateway)) ?? { id: 'none', cost: 0 });
      expect(told.filter(({ id }) => id === 'none')).toEqual([]);
      await gateway.kill('SIGTERM');
      const open = () => openDatabase({ databaseUrl: shared?.databaseUrl ?? null, dataDir: gateway.dataDir });
      const before = await open();
      await makeEarlier(before);
      await before.close();

      let lives = 0;
      let reads = 0;
      for (let isAlive = false; !isAlive; lives += 1) {
        // It may die of its first steps before anybody has seen that it serves.
        const serves = await gateway.restart().then(
          () => true,
          () => false,
        );
        while (serves) {
          const one = told[Math.floor(Math.random() * told.length)] ?? told[0];
          const cost = await costOf(gateway, one?.id ?? '');
          if (cost === null) break;
          expect([one?.id, cost]).toEqual([one?.id, one?.cost ?? -1]);
          reads += 1;
          const added = await ask(gateway);
          if (added !== null) told.push(added);
          isAlive =
            gateway.stdout.includes('generations_moved') || gateway.stderr.includes('generations_moved');
          if (isAlive) break;
        }
        if (serves && !isAlive) await gateway.kill('SIGKILL');
      }
      expect(lives).toBeGreaterThan(2);
      expect(reads).toBeGreaterThan(0);
      const found = await Promise.all(told.map(async ({ id }) => ({ id, cost: await costOf(gateway, id) })));
      expect(found).toEqual(told);
      await gateway.kill('SIGTERM');

      const after = await open();
      const { rows } = await sql<{ left: number }>`SELECT COUNT(*) AS left FROM generation`.execute(after.db);
      expect(rows[0]?.left).toBe(0);
      const { fault, generations } = await verifyLedger(after.db);
      expect(fault).toBeNull();
      expect(generations).toBeGreaterThanOrEqual(told.length);
      await after.close();
    });
  });
}
