/** A SQLite file that cannot be used at the start: waited for while another program holds it, else named with the remedy. */
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rejectionOf } from '../../databases.ts';
import { spawnGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';
import { chat } from '../faults/bench.ts';

test('a database that a backup program has locked is waited for, and served from once it is free', async () => {
  await using gateway = await spawnGateway();
  await gateway.kill('SIGTERM');
  const file = join(gateway.dataDir, 'turnpike.sqlite');
  const holder = new Database(file);
  holder.run('BEGIN EXCLUSIVE');
  const restarted = gateway.restart();
  while (!gateway.stderr.includes('database_locked')) await Bun.sleep(20);
  expect(gateway.stderr).toContain(file);
  const listed = await turnpike({ dataDir: gateway.dataDir }, 'keys', 'list');
  expect(listed).toMatchObject({ code: 1, text: expect.stringContaining('(database is locked)') });
  holder.run('COMMIT');
  holder.close();
  await restarted;
  const response = await chat(gateway, { model: 'acme/small' });
  expect(response.status).toBe(200);
  await response.text();
});

test.each([
  ['that is no database', (file: string) => writeFileSync(file, 'x'.repeat(10_000)), 'restore a backup'],
  ['that is a directory', (file: string) => mkdirSync(file), 'Let the user that runs the gateway write'],
])('a file %s ends the start with the remedy, and is left as it is', async (_, spoil, remedy) => {
  await using gateway = await spawnGateway();
  await gateway.kill('SIGTERM');
  const file = join(gateway.dataDir, 'turnpike.sqlite');
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
  spoil(file);
  const { message } = await rejectionOf(gateway.restart());
  expect(message).toContain('ended with code 1');
  expect(message).toContain(`The database ${file} cannot be used`);
  expect(message).toContain(remedy);
});
