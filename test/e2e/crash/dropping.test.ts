/** A gateway that drops old generations: killed again and again on the way, and under the load of clients. */
import { describe, expect, test } from 'bun:test';
import { monthStartMs } from '../../../src/clock.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { arrangeGenerations } from '../../../src/storage/partitions.ts';
import { engines } from '../../databases.ts';
import { spawnGateway } from '../../harness.ts';
import { spendFor } from '../../old-generations.ts';
import { turnpike } from '../../turnpike.ts';
import { chat, type Json } from '../faults/bench.ts';

/** Of which all but a month or two go, 200 a step: each life gets through one step and dies in the second, until the third step is the last. */
const DAYS = 650;
const CLIENTS = 8;
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

describe.each(engines)('old generations on $name', (engine) => {
  test('go step by step, however often it is killed, and the ledger is right at every start', async () => {
    const shared = engine.name === 'postgres' ? await engine.open() : null;
    await using gateway = await spawnGateway({
      env: {
        TURNPIKE_FAIL_POINT: 'during-drop:2',
        TURNPIKE_RETENTION_GENERATIONS_DAYS: '30',
        ...(shared === null ? {} : { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '' }),
      },
    });
    await gateway.kill('SIGTERM');
    const open = () => openDatabase({ databaseUrl: shared?.databaseUrl ?? null, dataDir: gateway.dataDir });
    const verified = async () => {
      const database = await open();
      const verification = await verifyLedger(database.db);
      await database.close();
      return verification;
    };
    const before = await open();
    const ids = await spendFor(
      { database: before, dataDir: gateway.dataDir },
      { days: DAYS, untilMs: Date.now() },
    );
    await before.close();

    let lives = 0;
    let answered = 0;
    for (let isThrough = false; !isThrough; lives += 1) {
      // It may die of its first steps before anybody has seen that it serves.
      const serves = await gateway.restart().then(
        () => true,
        () => false,
      );
      while (serves && !isThrough) {
        const response = await chat(gateway, { model: 'acme/small' }).catch(() => null);
        if (response === null) break;
        await response.text().catch(() => null);
        answered += 1;
        isThrough = `${gateway.stdout}${gateway.stderr}`.includes('generations_dropped');
      }
      if (serves && !isThrough) await gateway.kill('SIGKILL');
      if (isThrough) break;
      const { fault, generations, dropped } = await verified();
      expect(fault).toBeNull();
      expect(generations + dropped).toBeGreaterThanOrEqual(DAYS);
    }
    expect(lives).toBeGreaterThan(1);
    expect(answered).toBeGreaterThan(0);
    const statuses = await Promise.all(
      [ids[0], 'gen-1700000000-00000000000000000000', ids.at(-1)].map(async (id) => {
        const response = await fetch(`${gateway.baseUrl}/generation?id=${id}`, {
          headers: { authorization: `Bearer ${gateway.apiKey}` },
        });
        return [response.status, ((await response.json()) as Json).error?.message];
      }),
    );
    // Of another account, of which the last one is not gone: all three are answered alike.
    expect(new Set(statuses.map(String)).size).toBe(1);
    expect(statuses[0]?.[0]).toBe(404);
    await gateway.kill('SIGTERM');
    const { fault, generations, dropped } = await verified();
    expect(fault).toBeNull();
    expect(dropped).toBeGreaterThan(DAYS - 63);
    expect(generations).toBeGreaterThan(0);
    await shared?.dispose();
  }, 300_000);

  test('go while clients are served: nothing that was answered is lost, and the ledger is right whenever it is asked', async () => {
    const shared = engine.name === 'postgres' ? await engine.open() : null;
    const nowMs = Date.now();
    // On PostgreSQL as they lie once it has run for so long: a partition a month, each of which goes as a whole.
    if (shared !== null)
      for (let month = -24; month <= 0; month += 1)
        await arrangeGenerations(shared.database, monthStartMs(nowMs, month));
    const env: Record<string, string> = {
      TURNPIKE_RETENTION_GENERATIONS_DAYS: '30',
      ...(shared === null
        ? {}
        : { TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '', TURNPIKE_MASTER_KEY: MASTER_KEY }),
    };
    await using gateway = await spawnGateway({ env });
    await gateway.kill('SIGTERM');
    const open = () => openDatabase({ databaseUrl: shared?.databaseUrl ?? null, dataDir: gateway.dataDir });
    const before = await open();
    await spendFor({ database: before, dataDir: gateway.dataDir }, { days: DAYS, untilMs: nowMs });
    await before.close();

    const costs = new Map<string, number>();
    let isOver = false;
    const client = async () => {
      while (!isOver) {
        const response = await chat(gateway, { model: 'acme/small' });
        expect(response.status).toBe(200);
        const { id, usage }: Json = await response.json();
        costs.set(id, usage.cost);
      }
    };
    const verifying = async () => {
      const texts: string[] = [];
      // Once more behind the end.
      for (let isThrough = false; ; ) {
        const { text } = await turnpike({ dataDir: gateway.dataDir, env }, 'ledger', 'verify');
        texts.push(text);
        if (isThrough) return texts;
        isThrough = Number(/the sums of (\d+) that were dropped/.exec(text)?.[1] ?? 0) > DAYS - 63;
      }
    };
    await gateway.restart();
    const clients = Array.from({ length: CLIENTS }, client);
    const texts = await verifying();
    isOver = true;
    await Promise.all(clients);
    for (const text of texts) expect(text).toStartWith('The ledger is right: ');
    expect(texts.at(-1)).toContain('that were dropped');
    await gateway.kill('SIGTERM');

    const after = await open();
    const rows = await after.db
      .selectFrom('generations')
      .select(['id', 'cost_nano_usd', 'account_id'])
      .where('account_id', '<>', 'acme')
      .execute();
    expect(rows.length).toBe(costs.size);
    expect(costs.size).toBeGreaterThan(CLIENTS);
    for (const { id, cost_nano_usd } of rows)
      expect([id, Number(cost_nano_usd) / 1e9]).toEqual([id, costs.get(id) ?? Number.NaN]);
    const { fault, generations, dropped } = await verifyLedger(after.db);
    await after.close();
    expect({ fault, all: generations + dropped }).toEqual({ fault: null, all: DAYS + costs.size });
    expect(dropped).toBeGreaterThan(DAYS - 63);
    await shared?.dispose();
  }, 300_000);
});
