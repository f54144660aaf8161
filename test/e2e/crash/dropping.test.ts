/** A gateway that drops old generations, and is killed again and again on the way. */
import { describe, expect, test } from 'bun:test';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { engines } from '../../databases.ts';
import { spawnGateway } from '../../harness.ts';
import { spendFor } from '../../old-generations.ts';
import { chat, type Json } from '../faults/bench.ts';

/** Of which all but a month or two go, 200 a step: each life gets through one step and dies in the second. */
const DAYS = 450;

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
      await gateway.restart();
      while (!isThrough) {
        const response = await chat(gateway, { model: 'acme/small' }).catch(() => null);
        if (response === null) break;
        await response.text().catch(() => null);
        answered += 1;
        isThrough = `${gateway.stdout}${gateway.stderr}`.includes('generations_dropped');
      }
      if (!isThrough) await gateway.kill('SIGKILL');
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
});
