/** Starts on a journal in which something changed after it was written: real processes, whose database was away when they died. */
import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { engines, rejectionOf, type TestDatabase } from '../../databases.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';
import { chat, getJson, type Json, until } from '../faults/bench.ts';

interface Told {
  readonly id: string;
  readonly cost: number;
}

async function answered(gateway: SpawnedGateway): Promise<Told> {
  const response = await chat(gateway, { model: 'acme/small' });
  expect(response.status).toBe(200);
  const { id, usage }: Json = await response.json();
  return { id, cost: usage.cost };
}

/** From now on nothing can be written into the database; gives what ends that. */
async function lockDatabase(
  gateway: SpawnedGateway,
  shared: TestDatabase | null,
): Promise<() => Promise<void>> {
  if (shared === null) {
    const database = new Database(join(gateway.dataDir, 'turnpike.sqlite'));
    database.run('PRAGMA busy_timeout = 5000');
    database.run('BEGIN IMMEDIATE');
    return async () => database.close();
  }
  const [isLocked, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const transaction = shared.database.transaction(async (trx) => {
    await trx.selectFrom('journal_position').selectAll().forUpdate().execute();
    isLocked.resolve();
    await over.promise;
  });
  await isLocked.promise;
  return async () => {
    over.resolve();
    await transaction;
  };
}

const newestFile = ({ dataDir }: SpawnedGateway) => {
  const dir = join(dataDir, 'journal');
  return join(
    dir,
    readdirSync(dir)
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) ?? '',
  );
};

const SALVAGES = "SELECT action, actor_kind, after_json FROM audit_event WHERE action = 'journal.salvaged'";

async function salvagesIn({ dataDir }: SpawnedGateway, shared: TestDatabase | null): Promise<unknown[]> {
  if (shared !== null) return (await sql.raw(SALVAGES).execute(shared.database.db)).rows;
  const database = new Database(join(dataDir, 'turnpike.sqlite'), { readonly: true });
  try {
    return database.query(SALVAGES).all();
  } finally {
    database.close();
  }
}

const costOf = async (gateway: SpawnedGateway, { id }: Told): Promise<number> =>
  (await getJson(gateway, `/generation?id=${id}`)).data?.total_cost;

for (const engine of engines) {
  describe(`a journal on ${engine.name}`, () => {
    test('in which a byte changed is not cut: the start says what to do, and all but what was lost is brought in', async () => {
      const shared = engine.name === 'postgres' ? await engine.open() : null;
      const env: Record<string, string> =
        shared === null
          ? {}
          : {
              TURNPIKE_DATABASE_URL: shared.databaseUrl ?? '',
              TURNPIKE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
            };
      try {
        await using gateway = await spawnGateway({ env });
        const unlock = await lockDatabase(gateway, shared);
        const told: Told[] = [];
        for (let n = 0; n < 30; n += 1) told.push(await answered(gateway));
        await gateway.kill('SIGKILL');
        await unlock();

        const path = newestFile(gateway);
        const sound = readFileSync(path);
        const [lost] = told.splice(9, 1) as [Told];
        const damaged = Buffer.from(sound);
        const endOfTenth = sound.indexOf(`s\t1\t${lost.id}`);
        expect(endOfTenth).toBeGreaterThan(0);
        damaged[endOfTenth + 40] = (damaged[endOfTenth + 40] ?? 0) ^ 1;
        writeFileSync(path, damaged);

        for (let start = 0; start < 2; start += 1) {
          const { message } = await rejectionOf(gateway.restart());
          expect(message).toContain('ended with code 1');
          expect(message).toContain(`${path} is damaged behind byte`);
          expect(message).toContain('turnpike recover damaged-journal');
          expect(readFileSync(path)).toEqual(damaged);
        }
        const place = { dataDir: gateway.dataDir, env };
        const { stdout } = await turnpike(place, 'doctor', '--json');
        const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string }[] };
        expect(findings.filter(({ check }) => check === 'journal')).toMatchObject([{ level: 'FAIL' }]);

        const asked = await turnpike(place, 'recover', 'damaged-journal');
        expect([asked.code, asked.text]).toEqual([1, expect.stringContaining('1 before the last of them')]);
        expect(readFileSync(path)).toEqual(damaged);
        const done = await turnpike(place, 'recover', 'damaged-journal', '--yes');
        expect([done.code, done.text]).toEqual([0, expect.stringContaining('Kept as it was')]);
        const kept = readdirSync(join(gateway.dataDir, 'journal')).filter((name) =>
          name.includes('.damaged-'),
        );
        expect(kept.map((name) => readFileSync(join(gateway.dataDir, 'journal', name)))).toEqual([damaged]);
        expect((await turnpike(place, 'recover', 'damaged-journal', '--yes')).code).toBe(1);

        expect(await salvagesIn(gateway, shared)).toEqual([
          {
            action: 'journal.salvaged',
            actor_kind: 'operator',
            after_json: expect.stringContaining('"lost":1'),
          },
        ]);

        await gateway.restart();
        expect(await Promise.all(told.map((each) => costOf(gateway, each)))).toEqual(
          told.map(({ cost }) => cost),
        );
        // How it ended is lost, and of a whole answer nothing else tells that it had begun.
        expect(await costOf(gateway, lost)).toBe(0);
        await gateway.kill('SIGTERM');
        expect((await turnpike(place, 'ledger', 'verify')).code).toBe(0);
      } finally {
        await shared?.dispose();
      }
    });
  });
}

test('the torn end of a journal is cut, and the log says where and how much', async () => {
  await using gateway = await spawnGateway();
  const unlock = await lockDatabase(gateway, null);
  const told = [await answered(gateway), await answered(gateway)];
  await gateway.kill('SIGKILL');
  await unlock();
  const path = newestFile(gateway);
  // A sector that never arrived, and the end of a line that stood behind it.
  const file = readFileSync(path);
  const records = file.subarray(0, file.lastIndexOf(10) + 1);
  const hole = Buffer.alloc(1024 - (records.length % 512));
  writeFileSync(path, Buffer.concat([records, hole, Buffer.from('end of a line\n'), Buffer.alloc(4096)]));
  await gateway.restart();
  const said = () => gateway.stdout + gateway.stderr;
  expect(await until(() => said().includes('journal_tail_cut'))).toBe(true);
  const line = said()
    .split('\n')
    .find((each) => each.includes('journal_tail_cut'));
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 'warn', path, bytes: hole.length + 14 });
  for (const each of told) expect(await costOf(gateway, each)).toBe(each.cost);
});
