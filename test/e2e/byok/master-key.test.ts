/** Another master key in the place of the present one: under load, killed between any two steps, on one node and on several. */
import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEALED_COLUMNS } from '../../../src/installation/sealed-values.ts';
import { engines } from '../../databases.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';

const OWN = 'sk-own-rotated-0123456789abcdef';

async function bring({ baseUrl, managementKey }: SpawnedGateway, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const answer = await fetch(`${baseUrl}/byok`, {
      method: 'POST',
      headers: { authorization: `Bearer ${managementKey}`, 'content-type': 'application/json' },
      // The first one serves; the others are there to be sealed anew.
      body: JSON.stringify({
        provider: made === 0 ? 'acme' : 'backup',
        key: OWN,
        is_required: made === 0,
        disabled: made > 0,
      }),
    });
    expect(answer.status).toBe(201);
    await answer.arrayBuffer();
  }
}

/** Requests one after another until it is stopped; what came of each. */
function load(gateways: readonly { baseUrl: string; apiKey: string }[]) {
  const answers = new Map<string, number>();
  let isOver = false;
  const runs = gateways.map(async ({ baseUrl, apiKey }) => {
    while (!isOver) {
      const answer = await fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
      });
      const body = (await answer.json()) as { usage?: { is_byok?: boolean } };
      const said = `${answer.status} ${body.usage?.is_byok === true ? 'own' : 'shared'}`;
      answers.set(said, (answers.get(said) ?? 0) + 1);
      await Bun.sleep(5);
    }
  });
  return {
    answers,
    stop: async () => {
      isOver = true;
      await Promise.all(runs);
    },
  };
}

test('on SQLite no request fails while everything is sealed anew, however often the command is killed', async () => {
  await using gateway = await spawnGateway();
  const { dataDir } = gateway;
  await bring(gateway, 120);
  const oldKey = readFileSync(join(dataDir, 'master.key'), 'utf8');
  const newKeyPath = join(dataDir, '..', 'new.key');
  const running = load([gateway]);
  const rotate = (failPoint?: string) =>
    turnpike(
      { dataDir, ...(failPoint === undefined ? {} : { env: { TURNPIKE_FAIL_POINT: failPoint } }) },
      ...['secrets', 'rotate', '--new-key', newKeyPath],
    );
  for (const point of ['during-reseal:1', 'during-reseal:2', 'during-reseal:4']) {
    const killed = await rotate(point);
    expect(killed.code).toBe(137);
  }
  const done = await rotate();
  expect(done.text).toContain('Now put that key in the place of the old one');
  expect(done.code).toBe(0);

  const early = await turnpike({ dataDir }, 'secrets', 'finish');
  expect(early.text).toContain('started with the old master key');
  expect(early.code).not.toBe(0);
  const status = await turnpike({ dataDir }, 'secrets', 'status');
  expect(status.text).toContain('this is the old key');

  await running.stop();
  expect([...running.answers.keys()]).toEqual(['200 own']);
  expect(running.answers.get('200 own')).toBeGreaterThan(20);

  await gateway.kill('SIGTERM');
  writeFileSync(join(dataDir, 'master.key'), readFileSync(newKeyPath));
  await gateway.restart();
  const again = load([gateway]);
  const finished = await turnpike({ dataDir }, 'secrets', 'finish');
  expect(finished.text).toContain('The old master key opens nothing any more');
  await again.stop();
  expect([...again.answers.keys()]).toEqual(['200 own']);

  await gateway.kill('SIGTERM');
  await gateway.restart();
  const after = load([gateway]);
  await Bun.sleep(100);
  await after.stop();
  expect([...after.answers.keys()]).toEqual(['200 own']);

  await gateway.kill('SIGTERM');
  writeFileSync(join(dataDir, 'master.key'), oldKey);
  const refused = await turnpike({ dataDir }, 'serve');
  expect(refused.code).not.toBe(0);
  expect(refused.text).toContain('is not the one that this database was sealed with');
}, 180_000);

test('on PostgreSQL two nodes go on through the change, started again one after another', async () => {
  const engine = engines.find(({ name }) => name === 'postgres');
  const opened = await engine?.open();
  const databaseUrl = opened?.databaseUrl;
  if (opened === undefined || databaseUrl === null || databaseUrl === undefined)
    throw new Error('no PostgreSQL');
  try {
    const directory = opened.dataDir;
    const keyPath = join(directory, 'shared.key');
    const newKeyPath = join(directory, 'new.key');
    writeFileSync(keyPath, Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'));
    const env = { TURNPIKE_DATABASE_URL: databaseUrl, TURNPIKE_MASTER_KEY: `file:${keyPath}` };
    await using first = await spawnGateway({ env });
    await using second = await spawnGateway({ env, joins: true });
    await bring(first, 60);
    const nodes = [first, second].map(({ baseUrl }) => ({ baseUrl, apiKey: first.apiKey }));
    // The other node hears of the keys within two seconds.
    await Bun.sleep(2000);
    const running = load(nodes);
    const at = (...args: string[]) => turnpike({ dataDir: first.dataDir, env }, ...args);
    const killed = await turnpike(
      { dataDir: first.dataDir, env: { ...env, TURNPIKE_FAIL_POINT: 'during-reseal:1' } },
      ...['secrets', 'rotate', '--new-key', newKeyPath],
    );
    expect(killed.code).toBe(137);
    const done = await at('secrets', 'rotate', '--new-key', newKeyPath);
    expect(done.text).toContain('Now put that key');
    await running.stop();
    expect([...running.answers.keys()]).toEqual(['200 own']);

    writeFileSync(keyPath, readFileSync(newKeyPath));
    for (const [node, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const serving = load([{ baseUrl: other.baseUrl, apiKey: first.apiKey }]);
      await node.kill('SIGTERM');
      await node.restart();
      await serving.stop();
      expect([...serving.answers.keys()]).toEqual(['200 own']);
    }
    const last = load(nodes);
    expect((await at('secrets', 'finish')).text).toContain('opens nothing any more');
    await last.stop();
    expect([...last.answers.keys()]).toEqual(['200 own']);
  } finally {
    await opened.dispose();
  }
}, 180_000);

test('every column that the master key seals is one that is sealed anew', async () => {
  const schema = readFileSync(join(import.meta.dir, '../../../src/storage/schema.sqlite.sql'), 'utf8');
  const sealed: string[] = [];
  let table = '';
  for (const line of schema.split('\n')) {
    table = /^CREATE TABLE (\w+)/.exec(line)?.[1] ?? table;
    const column = /^\s+(sealed_\w+)\s/.exec(line)?.[1];
    if (column !== undefined) sealed.push(`${table}.${column}`);
  }
  const known = SEALED_COLUMNS.map(({ table: of, column }) => `${of}.${column}`);
  // Sealed by data keys of their own, and what the change itself keeps.
  const others = ['byok_key.sealed_secret', 'content_record.sealed_content'];
  const ofChange = ['sealed_next_key', 'sealed_previous_key', 'sealed_hash_key'].map(
    (column) => `master_key_change.${column}`,
  );
  expect(sealed.sort()).toEqual([...known, ...others, ...ofChange].sort());
});
