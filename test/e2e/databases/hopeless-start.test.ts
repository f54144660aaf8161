/** A PostgreSQL that will never let us in: the start ends at once, and says what to change. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { sql } from 'kysely';
import { engines, pooledEngine, startPoolerBeforePostgres, type TestDatabase } from '../../databases.ts';
import { freePort } from '../../free-port.ts';
import type { Pooler } from '../../pooler.ts';
import { testedProgram } from '../../turnpike.ts';

let opened: TestDatabase;
let pooled: TestDatabase;
let pooler: Pooler;

beforeAll(async () => {
  const postgres = engines.find(({ name }) => name === 'postgres');
  if (postgres === undefined) throw new Error('there is no PostgreSQL');
  opened = await postgres.open({ migrated: false });
  pooler = await startPoolerBeforePostgres('transaction');
  pooled = await pooledEngine(pooler).open({ migrated: false });
  await sql.raw("CREATE ROLE nothing_allowed LOGIN PASSWORD 'hunter2'").execute(opened.database.db);
});
afterAll(async () => {
  await pooled.dispose();
  await pooler.stop();
  await sql.raw('DROP ROLE nothing_allowed').execute(opened.database.db);
  await opened.dispose();
});

async function startOn(databaseUrl: string) {
  const child = Bun.spawn([process.execPath, '--no-orphans', await testedProgram(), 'serve'], {
    cwd: opened.dataDir,
    env: {
      PATH: process.env['PATH'] ?? '',
      TURNPIKE_DATA_DIR: join(opened.dataDir, 'hopeless'),
      TURNPIKE_DATABASE_URL: databaseUrl,
      TURNPIKE_PORT: String(await freePort()),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  return { code, said };
}

function changed(databaseUrl: string | null, change: (url: URL) => void): string {
  const url = new URL(databaseUrl ?? '');
  change(url);
  return url.href;
}

test.each([
  [
    'an unknown database',
    () =>
      changed(opened.databaseUrl, (url) => {
        url.pathname = '/nowhere';
      }),
    /\/nowhere refuses us: database "nowhere" does not exist\. Create it \(CREATE DATABASE "nowhere" OWNER "postgres"\)/,
  ],
  [
    'an unknown user',
    () =>
      changed(opened.databaseUrl, (url) => {
        url.username = 'stranger';
        url.password = 'hunter2';
      }),
    /role "stranger" does not exist\. Check the user and the password in TURNPIKE_DATABASE_URL/,
  ],
  [
    'a user that may not create tables',
    () =>
      changed(opened.databaseUrl, (url) => {
        url.username = 'nothing_allowed';
        url.password = 'hunter2';
      }),
    /permission denied for schema public\. Let it: GRANT ALL ON DATABASE/,
  ],
  [
    'a startup parameter that the pooler refuses',
    () =>
      changed(pooled.databaseUrl, (url) => {
        url.searchParams.set('statement_timeout', '5000');
      }),
    /unsupported startup parameter: statement_timeout\. Remove the parameter from TURNPIKE_DATABASE_URL/,
  ],
  [
    'a server that has no TLS where it is asked for',
    () =>
      changed(opened.databaseUrl, (url) => {
        url.searchParams.set('sslmode', 'require');
      }),
    /does not support SSL connections\. Remove sslmode/,
  ],
  [
    'a certificate authority that is not there',
    () =>
      changed(opened.databaseUrl, (url) => {
        url.searchParams.set('sslmode', 'verify-full');
        url.searchParams.set('sslrootcert', '/nowhere/ca.crt');
      }),
    /TURNPIKE_DATABASE_URL: the file that its sslrootcert names cannot be read/,
  ],
  [
    'a password that is not escaped, so that the address is another one',
    () => 'postgres://turnpike:12/hunter2@127.0.0.1:5432/turnpike',
    /TURNPIKE_DATABASE_URL: not a valid address: a character of the user or the password is unescaped/,
  ],
])('%s ends the start with the remedy, and no password is shown', async (_, databaseUrl, remedy) => {
  const { code, said } = await startOn(databaseUrl());
  expect(said).toMatch(remedy);
  expect(code).toBe(1);
  expect(said).not.toContain('hunter2');
  expect(said).not.toContain('database_unreachable');
});
