import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGateway } from '../../../src/app.ts';
import { ManualClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/log.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { codeByKey, MINUTE_MS, postJson, refusal, S256, VERIFIER } from './bench.ts';

const START_MS = Date.parse('2026-11-20T12:00:00.000Z');

test.each(engines.map(({ name }) => [name] as const))(
  'a code outlives a restart, to the same millisecond, on %s',
  async (engine) => {
    const clock = new ManualClock(START_MS);
    await using first = await startGateway({ engine, clock });
    const [before, after] = [await codeByKey(first), await codeByKey(first)];
    await using again = await startNode(first, clock);
    clock.advance(10 * MINUTE_MS - 1);
    const proof = { code_verifier: VERIFIER };
    expect(await postJson(again, '/auth/keys', { code: before, ...proof })).toMatchObject({ status: 200 });
    clock.advance(2);
    expect(await postJson(again, '/auth/keys', { code: after, ...proof })).toMatchObject(
      refusal(403, 'Authorization code expired'),
    );
  },
);

test('fifty exchanges of one code at two nodes of one PostgreSQL make exactly one key', async () => {
  const clock = new ManualClock(START_MS);
  await using first = await startGateway({ engine: 'postgres', clock });
  await using second = await startNode(first, clock);
  const { db } = first.database;
  for (const [challenge, proof] of [
    [S256, { code_verifier: VERIFIER }],
    [{}, {}],
  ] as const) {
    const before = (await db.selectFrom('api_key').select('hash').execute()).length;
    const body = { code: await codeByKey(first, challenge), ...proof };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => postJson(i % 2 === 0 ? first : second, '/auth/keys', body)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(49);
    expect(await db.selectFrom('api_key').select('hash').execute()).toHaveLength(before + 1);
  }
});

/** One more gateway on the same database, with memory and a journal of its own. */
async function startNode(first: TestGateway, clock: ManualClock) {
  const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
  const isShared = first.config.databaseUrl !== null;
  const database = isShared
    ? await openDatabase({ databaseUrl: first.config.databaseUrl, dataDir })
    : first.database;
  const logger = createLogger({ level: 'error', write: () => {}, clock });
  const gateway = await buildGateway({
    config: { ...first.config, dataDir },
    ...{ database, clock, logger, nodeId: crypto.randomUUID(), onJournalFailure: () => {} },
  });
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: gateway.fetch });
  return {
    baseUrl: `http://127.0.0.1:${server.port}/api/v1`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await gateway.close();
      if (isShared) await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
