/** `turnpike doctor` beside a real gateway: what it says is held against what is so. */

import { Database } from 'bun:sqlite';
import { afterAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { VERSION } from '../../../src/version.ts';
import { freePort } from '../../free-port.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { turnpike } from '../../turnpike.ts';
import { chat } from '../faults/bench.ts';

const aside = mkdtempSync(join(tmpdir(), 'turnpike-doctor-'));
afterAll(() => rmSync(aside, { recursive: true, force: true }));

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly text: string;
  readonly remedy: string | null;
}

const CONNECTIONS = { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' };

async function doctor(
  gateway: { dataDir: string; url?: string },
  env: Record<string, string> = {},
  ...args: string[]
) {
  const port = gateway.url === undefined ? String(await freePort()) : new URL(gateway.url).port;
  const ran = await turnpike(
    { dataDir: gateway.dataDir, env: { ...CONNECTIONS, TURNPIKE_PORT: port, ...env } },
    'doctor',
    '--json',
    ...args,
  );
  const { ok, findings } = JSON.parse(ran.stdout) as { ok: boolean; findings: Finding[] };
  expect(ran.code).toBe(ok ? 0 : 1);
  expect(ok).toBe(!findings.some(({ level }) => level === 'FAIL'));
  // Each that is not well says what to do.
  for (const { level, remedy } of findings) expect([level, remedy === null]).toEqual([level, level === 'ok']);
  return { findings, of: (check: string) => findings.filter((one) => one.check === check), ran };
}

const troubles = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok');

/** Everything in a directory, with its content and mode. */
function fingerprint(path: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(path, { recursive: true }).map(String).sort()) {
    const full = join(path, name);
    const stat = statSync(full);
    hash.update(`${name} ${stat.mode} ${stat.isDirectory() ? '' : readFileSync(full).toString('base64')}\n`);
  }
  return hash.digest('hex');
}

async function served(gateway: SpawnedGateway): Promise<void> {
  const response = await chat(gateway, { model: 'acme/small' });
  await response.text();
  expect(response.status).toBe(200);
}

test('beside a gateway that is well it says so in lines, charges nobody, and exits 0; --version names the version', async () => {
  await using gateway = await spawnGateway();
  await served(gateway);
  const requests = gateway.provider.requests.length;
  const { findings, of } = await doctor(gateway);
  expect(troubles(findings)).toEqual([]);
  expect(of('port')[0]?.text).toContain(`process ${gateway.pid} runs`);
  expect(of('master key')[0]?.text).toContain('opens what is sealed');
  expect(of('provider acme')[0]?.text).toContain('can be reached');
  expect(gateway.provider.requests.length).toBe(requests);
  const lines = await turnpike(
    { dataDir: gateway.dataDir, env: { ...CONNECTIONS, TURNPIKE_PORT: new URL(gateway.url).port } },
    'doctor',
  );
  expect(lines.code).toBe(0);
  expect(lines.stdout.trim().split('\n')).toHaveLength(findings.length);
  expect((await turnpike(gateway, '--version')).stdout).toBe(`turnpike ${VERSION}\n`);
  await served(gateway);
});

test('it changes nothing: neither in a directory that is used, nor in one that is not there yet', async () => {
  await using gateway = await spawnGateway();
  await served(gateway);
  await gateway.kill('SIGTERM');
  const before = fingerprint(gateway.dataDir);
  expect(troubles((await doctor(gateway)).findings)).toEqual([]);
  expect(fingerprint(gateway.dataDir)).toBe(before);
  const empty = join(aside, 'new');
  mkdirSync(empty);
  const { findings } = await doctor({ dataDir: join(empty, 'data') });
  expect(findings.some(({ level }) => level === 'FAIL')).toBe(false);
  expect(readdirSync(empty)).toEqual([]);
});

test('a wrong key, a damaged journal, open modes, a provider that is gone and a taken port are each named with a remedy', async () => {
  await using gateway = await spawnGateway();
  await served(gateway);
  await gateway.kill('SIGTERM');
  const keyPath = join(gateway.dataDir, 'master.key');
  const right = readFileSync(keyPath, 'utf8');
  const wrong = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
  writeFileSync(keyPath, wrong);
  chmodSync(keyPath, 0o644);
  const [segment = ''] = readdirSync(join(gateway.dataDir, 'journal'));
  const segmentPath = join(gateway.dataDir, 'journal', segment);
  appendFileSync(segmentPath, 'half a record');
  await using taken = await spawnGateway();
  await gateway.provider.stop();
  const { of, ran } = await doctor({ dataDir: gateway.dataDir, url: taken.url });
  expect(of('master key')[0]).toMatchObject({ level: 'FAIL' });
  expect(
    of('files')
      .map(({ text }) => text)
      .join(),
  ).toContain('master.key (mode 0644) can be read');
  expect(of('journal')[0]).toMatchObject({ level: 'warn', text: expect.stringContaining('13 bytes') });
  expect(of('provider acme')[0]).toMatchObject({ level: 'FAIL' });
  expect(of('port')[0]).toMatchObject({ level: 'FAIL' });
  expect(ran.text).not.toContain(wrong);
  // An older file with the same damage is no crash's doing.
  writeFileSync(join(gateway.dataDir, 'journal', '9999999999999999.log'), '');
  expect((await doctor(gateway)).of('journal')[0]).toMatchObject({ level: 'FAIL' });
  rmSync(keyPath);
  const without = await doctor(gateway);
  expect(without.of('configuration')[0]).toMatchObject({
    level: 'FAIL',
    text: expect.stringContaining('is gone'),
  });
  expect(right.trim()).not.toBe('');
});

test('a database file that opens and is damaged within is not called well', async () => {
  await using gateway = await spawnGateway();
  await served(gateway);
  await gateway.kill('SIGTERM');
  const path = join(gateway.dataDir, 'turnpike.sqlite');
  const bytes = readFileSync(path);
  // An index that no start looks at, and in a second round the schema itself.
  const file = new Database(path);
  const root = file.query<{ rootpage: number }, []>(
    "SELECT rootpage FROM sqlite_schema WHERE name = 'generation_by_key'",
  );
  const { rootpage = 0 } = root.get() ?? {};
  file.close();
  const bytesOf = (page: number) => [(page - 1) * 4096, page * 4096] as const;
  bytes.fill(0xa5, ...bytesOf(rootpage));
  writeFileSync(path, bytes);
  expect((await doctor(gateway)).of('database')[0]).toMatchObject({ level: 'ok' });
  expect((await doctor(gateway)).of('database file')[0]).toMatchObject({ level: 'FAIL' });
  bytes.fill(0xa5, ...bytesOf(bytes.length / 4096));
  writeFileSync(path, bytes);
  const { findings } = await doctor(gateway);
  expect(findings.filter(({ level }) => level === 'FAIL').map(({ check }) => check)).toContain(
    'database file',
  );
});

test('a key of this gateway that stands where a provider’s should is shown to no provider, even when the database cannot say whose it is', async () => {
  const shown: (string | null)[] = [];
  await using provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ headers }) => {
      shown.push(headers.get('authorization'));
      return Response.json({ object: 'list', data: [] });
    },
  });
  const own = newKeySecret().key;
  const baseUrl = `http://127.0.0.1:${provider.port}/v1`;
  await using gateway = await spawnGateway({
    env: { TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: own },
    config: {
      providers: [
        { slug: 'openrouter', base_url: baseUrl, data_policy: { training: false, retains_prompts: false } },
      ],
    },
  });
  const beside = await doctor(gateway, { OPENROUTER_API_KEY: own });
  expect(beside.of('own key')[0]).toMatchObject({ level: 'warn', text: 'OPENROUTER_API_KEY is ignored' });
  expect(beside.ran.text).not.toContain(own);
  const send = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${own}`, 'content-type': 'application/json' };
    const answer = await fetch(gateway.baseUrl + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { key: string; data: { hash: string } };
  };
  const { data } = await send('/keys', { name: 'k' });
  const { key: rotated } = await send(`/keys/${data.hash}/rotate`, {});
  const renewed = await doctor(gateway, { OPENROUTER_API_KEY: rotated });
  expect(renewed.of('own key')[0]).toMatchObject({ level: 'warn', text: 'OPENROUTER_API_KEY is ignored' });
  expect((await doctor(gateway, { OPENROUTER_API_KEY: 'sk-or-v1-their-own' })).of('own key')).toEqual([]);
  expect(new Set(shown)).toEqual(new Set(['Bearer sk-or-v1-their-own']));
  shown.length = 0;
  await gateway.kill('SIGTERM');
  rmSync(join(gateway.dataDir, 'turnpike.sqlite'));
  await doctor(gateway, { OPENROUTER_API_KEY: own });
  expect(shown).not.toContain(`Bearer ${own}`);
});

test('a key of this gateway that turnpike.yaml gives to a provider is named as what stops the next start', async () => {
  const own = newKeySecret().key;
  await using gateway = await spawnGateway({ env: { TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: own } });
  const file = join(gateway.dataDir, '..', 'turnpike.yaml');
  const config = JSON.parse(readFileSync(file, 'utf8')) as { providers: { api_key: string }[] };
  for (const provider of config.providers) provider.api_key = own;
  writeFileSync(file, JSON.stringify(config));
  const requests = gateway.provider.requests.length;
  const { of, ran } = await doctor(gateway);
  expect(of('configuration').find(({ level }) => level === 'FAIL')?.text).toContain('a key of this gateway');
  expect(ran.text).not.toContain(own);
  expect(gateway.provider.requests.length).toBe(requests);
});

test('a database that cannot be reached, or that a newer version made, is named, and its password is not', async () => {
  const opened = await postgresEngine().open();
  try {
    const env = {
      TURNPIKE_DATABASE_URL: 'postgres://turnpike:geheimes-wort@127.0.0.1:1/turnpike',
      TURNPIKE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    };
    const dataDir = join(aside, 'reach', 'data');
    mkdirSync(dataDir, { recursive: true });
    const gone = await doctor({ dataDir }, env);
    expect(gone.of('database')[0]).toMatchObject({
      level: 'FAIL',
      text: expect.stringContaining('127.0.0.1:1/turnpike'),
    });
    expect(gone.ran.text).not.toContain('geheimes-wort');
    expect(gone.ran.text).not.toContain(env.TURNPIKE_MASTER_KEY);
    const there = { ...env, TURNPIKE_DATABASE_URL: opened.databaseUrl ?? '' };
    const { of } = await doctor({ dataDir }, there);
    expect(of('schema')[0]).toMatchObject({ level: 'ok' });
    expect(of('database clock')[0]).toMatchObject({ level: 'ok' });
    await opened.database.db
      .insertInto('schema_migration' as never)
      .values({ version: 999, name: '0999-later', applied_at_ms: 1 } as never)
      .execute();
    expect((await doctor({ dataDir }, there)).of('schema')[0]).toMatchObject({ level: 'FAIL' });
    await opened.database.db
      .deleteFrom('schema_migration' as never)
      .where('version' as never, '>=', 3 as never)
      .execute();
    await opened.database.db
      .insertInto('schema_migration' as never)
      .values({ version: 3, name: '0004-of-another-history', applied_at_ms: 1 } as never)
      .execute();
    const other = await doctor({ dataDir }, there, '--before-upgrade');
    expect(other.of('schema')[0]).toMatchObject({
      level: 'FAIL',
      text: expect.stringContaining('a different program made the database'),
    });
    expect(other.of('migrations')[0]?.text).toBe('none will run');
  } finally {
    await opened.dispose();
  }
});

test('before an upgrade it wants a fresh and whole backup of this very database, and says what will run', async () => {
  await using gateway = await spawnGateway();
  await using other = await spawnGateway();
  await served(gateway);
  const [good, foreign, broken] = ['good', 'foreign', 'broken'].map((name) =>
    join(aside, `${name}.sqlite`),
  ) as [string, string, string];
  await turnpike(gateway, 'backup', good);
  await turnpike(other, 'backup', foreign);
  writeFileSync(broken, 'not a database');
  const upgrade = async (...args: string[]) => await doctor(gateway, {}, '--before-upgrade', ...args);
  expect((await upgrade()).of('backup')[0]).toMatchObject({
    level: 'FAIL',
    remedy: expect.stringContaining('turnpike backup'),
  });
  for (const [path, why] of [
    [foreign, 'of another database'],
    [broken, 'no whole database'],
    [join(aside, 'nowhere'), 'does not exist'],
  ] as const)
    expect((await upgrade('--backup', path)).of('backup')[0]).toMatchObject({
      level: 'FAIL',
      text: expect.stringContaining(why),
    });
  const ready = await upgrade('--backup', good);
  expect(troubles(ready.findings)).toEqual([]);
  expect(ready.of('migrations')[0]?.text).toBe('none will run');
  expect((await turnpike(gateway, 'doctor', '--backup', good)).code).toBe(2);
  // Who asks how to use it gets no file of that name.
  expect((await turnpike(gateway, 'backup', '--help')).code).toBe(2);
});
